# Draw again: gnuplot heat_1_3.gp
if (!exists('output')) output = 'heat_1_3.svg'
data = 'heat_1_3.dat'
set terminal svg size 800,784 fixed enhanced font 'sans-serif,14' name 'heat_1_3'
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
set ytics scale 0 ('prelu, orthogonal, width 128, batch 128' 0, 'gelu, xavier_normal, width 128, batch 128' 1, 'gelu, he_normal, width 128, batch 128' 2, 'gelu, lecun_normal, width 128, batch 128' 3, 'gelu, standard_uniform, width 128, batch 128' 4, 'gelu, orthogonal, width 128, batch 128' 5, 'gelu_tanh, xavier_normal, width 128, batch 128' 6, 'gelu_tanh, he_normal, width 128, batch 128' 7, 'gelu_tanh, lecun_normal, width 128, batch 128' 8, 'gelu_tanh, standard_uniform, width 128, batch 128' 9, 'gelu_tanh, orthogonal, width 128, batch 128' 10, 'elu, xavier_normal, width 128, batch 128' 11, 'elu, he_normal, width 128, batch 128' 12, 'elu, lecun_normal, width 128, batch 128' 13, 'elu, standard_uniform, width 128, batch 128' 14, 'elu, orthogonal, width 128, batch 128' 15, 'selu, xavier_normal, width 128, batch 128' 16, 'selu, he_normal, width 128, batch 128' 17, 'selu, lecun_normal, width 128, batch 128' 18, 'selu, standard_uniform, width 128, batch 128' 19, 'selu, orthogonal, width 128, batch 128' 20, 'silu, xavier_normal, width 128, batch 128' 21, 'silu, he_normal, width 128, batch 128' 22, 'silu, lecun_normal, width 128, batch 128' 23) noenhanced
plot data using 1:2:(0.5):(0.42):3 with boxxyerror lc palette fs solid 1 noborder notitle
