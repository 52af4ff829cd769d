# Draw again: gnuplot fix_heat_1_1.gp
if (!exists('output')) output = 'fix_heat_1_1.svg'
data = 'fix_heat_1_1.dat'
set terminal svg size 800,759 fixed enhanced font 'sans-serif,14' name 'fix_heat_1_1'
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
set title 'Where each fix keeps the gradient'
set xlabel 'matrix (1 = nearest the input)'
set xrange [0.5:16.5]
set ytics scale 0 noenhanced font ',11' ('no fix' 0, 'act=relu init=he_normal skip=scaled' 1, 'act=prelu init=he_normal' 2, 'act=selu init=lecun_normal' 3, 'act=relu init=he_normal' 4, 'skip=highway' 5, 'skip=highway gate_bias=-4' 6, 'skip=residual norm=rms norm_at=pre' 7, 'skip=residual' 8, 'skip=residual norm=layer norm_at=pre' 9, 'skip=rezero' 10, 'act=leaky_relu init=he_normal' 11, 'act=gelu init=he_normal' 12, 'skip=scaled' 13, 'act=relu init=he_nor...orm=layer norm_at=pre' 14, 'act=relu init=he_nor...p=residual norm=batch' 15, 'norm=layer norm_at=pre' 16, 'norm=layer norm_at=post' 17, 'act=gelu init=he_nor...orm=layer norm_at=pre' 18, 'norm=group norm_at=post' 19, 'norm=group norm_at=pre' 20, 'norm=batch norm_at=post' 21, 'norm=batch norm_at=pre' 22, 'act=tanh init=orthogonal' 23, 'act=tanh init=xavier_normal' 24, 'act=elu init=xavier_normal' 25, 'norm=batch' 26, 'act=silu init=he_normal' 27, 'init=orthogonal gain=4' 28, 'norm=rms norm_at=post' 29, 'norm=rms' 30, 'norm=layer' 31, 'norm=rms norm_at=pre' 32, 'norm=group' 33, 'init=he_normal' 34, 'init=lecun_normal' 35, 'init=orthogonal' 36)
set yrange [36.5:-0.5]
set lmargin at screen 0.36
plot data using 1:2:3:(0.42):4 with boxxyerror lc palette fs solid 1 noborder notitle
