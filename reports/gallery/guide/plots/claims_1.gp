# Draw again: gnuplot claims_1.gp
if (!exists('output')) output = 'claims_1.svg'
data = 'claims_1.dat'
set terminal svg size 800,912 fixed enhanced font 'sans-serif,14' name 'claims_1'
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
set yrange [35.7:-0.7]
set xrange [-12.2:4.2]
set lmargin at screen 0.50
set rmargin at screen 0.97
set xlabel "decades of gradient kept at the first layer\n(0 = all of it; < and > are beyond the axis)"
set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lc rgb '#6e7781' dt 2
set key outside top center horizontal
set style fill solid 0.9 noborder
set ytics scale 0 noenhanced font ',11' ('slopes multiply: 0.5 a layer is 0.001 after ten' 0, '|sigmoid''| is at most 0.25' 1, '|tanh''| is at most 1' 2, 'relu'' is 0 or 1: half the units pass' 3, 'deep sigmoid nets vanish' 4, 'deep tanh nets vanish, with Xavier weights' 5, 'deep tanh nets vanish, with PyTorch''s default weights' 6, 'relu keeps the gradient, with He weights' 7, 'relu keeps the gradient, with Xavier weights' 8, 'leaky relu leaves no unit dead' 9, 'gelu keeps the gradient, at depth 10' 10, 'gelu keeps the gradient, at depth 64' 11, 'Xavier keeps the variance of tanh: standard deviation in layer...' 12, '... and in layer 8' 13, 'Xavier keeps the variance of sigmoid: standard deviation in la...' 14, '... and in layer 8, where nothing is left but the spread of th...' 15, 'sigmoid at the output alone costs one factor' 16, 'tanh at the output alone costs one factor' 17, 'batch norm mends sigmoid' 18, 'batch norm alone stabilises relu' 19, 'layer norm mends sigmoid, before f' 20, 'layer norm mends sigmoid, after f' 21, 'group norm mends sigmoid, before f' 22, 'group norm mends sigmoid, after f' 23, 'skips give a direct path: unscaled relu stack' 24, 'skips give a direct path: scaled by 1/sqrt(depth)' 25, 'residual and layer norm, pre: depth is no problem' 26, 'highway keeps the gradient, gate bias -2' 27, 'highway keeps the gradient, gate bias -4' 28, 'fewer layers help: sigmoid at depth 3' 29, 'tiny weight gradients show it: relu with Xavier weights' 30, 'tiny weight gradients show it: sigmoid with Xavier weights' 31, 'recurrent nets vanish on long sequences: tanh, PyTorch''s defau...' 32, '... with an orthogonal recurrence: as slowly as tanh bends' 33, 'gated cells remember: gru, update bias 0' 34, 'gated cells remember: gru, update bias 5' 35)
plot data using ($3==0 ? $2/2. : NaN):1:(abs($2)/2. + 0.06):(0.34) with boxxyerror lc rgb '#0072b2' title 'holds', \
     data using ($3==1 ? $2/2. : NaN):1:(abs($2)/2. + 0.06):(0.34) with boxxyerror lc rgb '#d55e00' title 'holds only under a condition', \
     data using ($3==2 ? $2/2. : NaN):1:(abs($2)/2. + 0.06):(0.34) with boxxyerror lc rgb '#c56a9d' title 'does not hold', \
     data using ($4==1 ? $2 + ($2 < 0 ? 0.3 : -0.3) : NaN):1:($2 < 0 ? "<" : ">") with labels tc rgb '#ffffff' notitle
