# Draw again: gnuplot heat_1_2.gp
if (!exists('output')) output = 'heat_1_2.svg'
data = 'heat_1_2.dat'
set terminal svg size 800,212 fixed enhanced font 'sans-serif,14' name 'heat_1_2'
set encoding utf8
set border 3 lc rgb '#6e7781'
set tics nomirror out scale 0.5 textcolor rgb '#6e7781'
set grid lc rgb '#6e7781' lw 0.4 dt 3
set key below left horizontal reverse Left maxcols 2 samplen 3 noenhanced textcolor rgb '#6e7781'
set title noenhanced textcolor rgb '#6e7781'
set xlabel noenhanced textcolor rgb '#6e7781' offset 0,0.4
set ylabel noenhanced textcolor rgb '#6e7781'
set cblabel noenhanced textcolor rgb '#6e7781'
set style fill transparent solid 0.18 noborder
set datafile missing '?'
set output output
set palette defined (-12 '#2d0a4e', -6 '#5e3c99', -2 '#9d8fc8', 0 '#e8e8e8', 2 '#e0932f', 6 '#8c4a00')
set cbrange [-12:6]
set cblabel 'decades against the last layer'
set cbtics ('≤ -12' -12, '-6' -6, '0' 0, '≥ 6' 6) textcolor rgb '#6e7781'
set colorbox noborder
unset grid
set border 0
set style fill solid 1 noborder
set xlabel 'layer (1 = nearest the input)'
set title 'Where the gradient is lost, depth 64'
set xrange [0.5:64.5]
set yrange [1.5:-0.5]
set ytics scale 0 ('gelu, he_normal' 0, 'relu, he_normal, norm layer pre, residual' 1) noenhanced
plot data using 1:2:3:(0.42):4 with boxxyerror lc palette fs solid 1 noborder notitle
