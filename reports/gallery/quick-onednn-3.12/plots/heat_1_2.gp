# Draw again: gnuplot heat_1_2.gp
if (!exists('output')) output = 'heat_1_2.svg'
data = 'heat_1_2.dat'
set terminal svg size 800,784 fixed enhanced font 'sans-serif,14' name 'heat_1_2'
set encoding utf8
set border 3 lc rgb '#6e7781'
set tics nomirror out scale 0.5 textcolor rgb '#6e7781'
set grid lc rgb '#6e7781' lw 0.4 dt 3
set key below left horizontal reverse Left maxcols 2 samplen 3 noenhanced textcolor rgb '#6e7781'
set title noenhanced textcolor rgb '#6e7781'
set xlabel noenhanced textcolor rgb '#6e7781' offset 0,0.9
set ylabel noenhanced textcolor rgb '#6e7781'
set cblabel noenhanced textcolor rgb '#6e7781'
set style fill transparent solid 0.18 noborder
set datafile missing '?'
set output output
set palette defined (-12 '#2d0a4e', -6 '#5e3c99', -2 '#9d8fc8', 0 '#e8e8e8', 2 '#e0932f', 6 '#8c4a00')
set cbrange [-12:6]
set cblabel 'decades against the last layer'
set cbtics 4 textcolor rgb '#6e7781'
set colorbox noborder
unset grid
set border 0
set style fill solid 1 noborder
set xlabel 'layer (1 = nearest the input)'
set title 'Where the gradient is lost, depth 16'
set xrange [0.5:16.5]
set yrange [23.5:-0.5]
set ytics scale 0 ('sigmoid, xavier_normal, width 128, batch 128' 0, 'sigmoid, he_normal, width 128, batch 128' 1, 'sigmoid, lecun_normal, width 128, batch 128' 2, 'sigmoid, standard_uniform, width 128, batch 128' 3, 'sigmoid, orthogonal, width 128, batch 128' 4, 'tanh, xavier_normal, width 128, batch 128' 5, 'tanh, he_normal, width 128, batch 128' 6, 'tanh, lecun_normal, width 128, batch 128' 7, 'tanh, standard_uniform, width 128, batch 128' 8, 'tanh, orthogonal, width 128, batch 128' 9, 'relu, xavier_normal, width 128, batch 128' 10, 'relu, he_normal, width 128, batch 128' 11, 'relu, lecun_normal, width 128, batch 128' 12, 'relu, standard_uniform, width 128, batch 128' 13, 'relu, orthogonal, width 128, batch 128' 14, 'leaky_relu, xavier_normal, width 128, batch 128' 15, 'leaky_relu, he_normal, width 128, batch 128' 16, 'leaky_relu, lecun_normal, width 128, batch 128' 17, 'leaky_relu, standard_uniform, width 128, batch 128' 18, 'leaky_relu, orthogonal, width 128, batch 128' 19, 'prelu, xavier_normal, width 128, batch 128' 20, 'prelu, he_normal, width 128, batch 128' 21, 'prelu, lecun_normal, width 128, batch 128' 22, 'prelu, standard_uniform, width 128, batch 128' 23) noenhanced
plot data using 1:2:(0.5):(0.42):3 with boxxyerror lc palette fs solid 1 noborder notitle
