# Draw again: gnuplot fix_heat_2_3.gp
if (!exists('output')) output = 'fix_heat_2_3.svg'
data = 'fix_heat_2_3.dat'
set terminal svg size 800,759 fixed enhanced font 'sans-serif,14' name 'fix_heat_2_3'
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
set ytics scale 0 noenhanced font ',11' ('no fix' 0, 'init=he_normal' 1, 'act=selu init=lecun_normal' 2, 'skip=rezero' 3, 'act=relu init=he_normal' 4, 'skip=scaled' 5, 'skip=highway gate_bias=-4' 6, 'act=prelu init=he_normal' 7, 'act=relu init=he_normal skip=scaled' 8, 'norm=layer' 9, 'skip=highway' 10, 'norm=rms norm_at=post' 11, 'skip=residual norm=layer norm_at=pre' 12, 'norm=rms' 13, 'act=leaky_relu init=he_normal' 14, 'skip=residual norm=rms norm_at=pre' 15, 'norm=rms norm_at=pre' 16, 'act=gelu init=he_normal' 17, 'act=relu init=he_nor...orm=layer norm_at=pre' 18, 'act=relu init=he_nor...p=residual norm=batch' 19, 'act=gelu init=he_nor...orm=layer norm_at=pre' 20, 'norm=group' 21, 'act=tanh init=xavier_normal' 22, 'skip=residual' 23, 'act=tanh init=orthogonal' 24, 'act=elu init=xavier_normal' 25, 'norm=layer norm_at=post' 26, 'norm=layer norm_at=pre' 27, 'norm=batch' 28, 'norm=batch norm_at=post' 29, 'norm=batch norm_at=pre' 30, 'act=silu init=he_normal' 31, 'init=orthogonal' 32, 'init=lecun_normal' 33, 'norm=group norm_at=post' 34, 'norm=group norm_at=pre' 35, 'init=orthogonal gain=4' 36)
set yrange [36.5:-0.5]
set lmargin at screen 0.36
plot data using 1:2:3:(0.42):4 with boxxyerror lc palette fs solid 1 noborder notitle
