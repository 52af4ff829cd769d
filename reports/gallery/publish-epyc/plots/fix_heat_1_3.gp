# Draw again: gnuplot fix_heat_1_3.gp
if (!exists('output')) output = 'fix_heat_1_3.svg'
data = 'fix_heat_1_3.dat'
set terminal svg size 800,810 fixed enhanced font 'sans-serif,14' name 'fix_heat_1_3'
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
set xrange [0.5:32.5]
set ytics scale 0 noenhanced font ',11' ('no fix' 0, 'init=he_uniform' 1, 'norm=layer' 2, 'norm=group' 3, 'norm=rms' 4, 'skip=scaled' 5, 'skip=rezero' 6, 'act=relu init=he_normal' 7, 'act=leaky_relu init=he_normal' 8, 'act=prelu init=he_normal' 9, 'act=selu init=lecun_normal' 10, 'norm=rms norm_at=pre' 11, 'norm=rms norm_at=post' 12, 'skip=highway gate_bias=-4' 13, 'act=relu init=he_normal skip=scaled' 14, 'skip=residual norm=layer norm_at=pre' 15, 'skip=residual norm=rms norm_at=pre' 16, 'act=relu init=he_nor...p=residual norm=batch' 17, 'act=relu init=he_nor...orm=layer norm_at=pre' 18, 'act=gelu init=he_nor...orm=layer norm_at=pre' 19, 'skip=highway' 20, 'act=gelu init=he_normal' 21, 'act=gelu_tanh init=he_normal' 22, 'act=tanh init=xavier_normal' 23, 'act=tanh init=orthogonal' 24, 'act=elu init=xavier_normal' 25, 'skip=residual' 26, 'norm=batch' 27, 'norm=batch norm_at=pre' 28, 'norm=batch norm_at=post' 29, 'norm=layer norm_at=pre' 30, 'norm=layer norm_at=post' 31, 'norm=group norm_at=pre' 32, 'norm=group norm_at=post' 33, 'act=silu init=he_normal' 34, 'init=xavier_uniform' 35, 'init=orthogonal' 36, 'init=standard_uniform' 37, 'init=torch_default' 38, 'init=orthogonal gain=4' 39)
set yrange [39.5:-0.5]
set lmargin at screen 0.36
plot data using 1:2:3:(0.42):4 with boxxyerror lc palette fs solid 1 noborder notitle
