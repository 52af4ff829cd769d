# Draw again: gnuplot fix_heat_2_2.gp
if (!exists('output')) output = 'fix_heat_2_2.svg'
data = 'fix_heat_2_2.dat'
set terminal svg size 800,742 fixed enhanced font 'sans-serif,14' name 'fix_heat_2_2'
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
set ytics scale 0 noenhanced font ',11' ('no fix' 0, 'act=selu init=lecun_normal' 1, 'act=relu init=he_normal' 2, 'skip=residual' 3, 'act=prelu init=he_normal' 4, 'act=relu init=he_normal skip=scaled' 5, 'init=he_normal' 6, 'skip=rezero' 7, 'skip=scaled' 8, 'skip=highway gate_bias=-4' 9, 'skip=highway' 10, 'act=relu init=he_nor...orm=layer norm_at=pre' 11, 'act=gelu init=he_normal' 12, 'act=leaky_relu init=he_normal' 13, 'skip=residual norm=layer norm_at=pre' 14, 'norm=rms' 15, 'skip=residual norm=rms norm_at=pre' 16, 'norm=layer' 17, 'act=gelu init=he_nor...orm=layer norm_at=pre' 18, 'act=relu init=he_nor...p=residual norm=batch' 19, 'norm=batch' 20, 'act=elu init=xavier_normal' 21, 'init=lecun_normal' 22, 'act=tanh init=orthogonal' 23, 'init=orthogonal' 24, 'norm=rms norm_at=post' 25, 'norm=rms norm_at=pre' 26, 'norm=layer norm_at=pre' 27, 'norm=layer norm_at=post' 28, 'norm=group norm_at=post' 29, 'norm=group norm_at=pre' 30, 'norm=group' 31, 'norm=batch norm_at=post' 32, 'norm=batch norm_at=pre' 33, 'act=silu init=he_normal' 34, 'init=orthogonal gain=4' 35)
set yrange [35.5:-0.5]
set lmargin at screen 0.36
plot data using 1:2:3:(0.42):4 with boxxyerror lc palette fs solid 1 noborder notitle
