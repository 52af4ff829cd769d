# Draw again: gnuplot fixes_1_2.gp
if (!exists('output')) output = 'fixes_1_2.svg'
data = 'fixes_1_2.dat'
set terminal svg size 800,456 fixed enhanced font 'sans-serif,14' name 'fixes_1_2'
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
set multiplot
set ytics scale 0 noenhanced font ',12' ('no fix' 0, 'skip=scaled' 1, 'skip=rezero' 2, 'act=relu init=he_normal' 3, 'act=leaky_relu init=he_normal' 4, 'act=prelu init=he_normal' 5, 'act=selu init=lecun_normal' 6, 'skip=highway gate_bias=-4' 7, 'act=relu init=he_normal skip=scaled' 8, 'skip=residual norm=layer norm_at=pre' 9, 'skip=residual norm=rms norm_at=pre' 10, 'act=relu init=he_nor...p=residual norm=batch' 11, 'act=relu init=he_nor...orm=layer norm_at=pre' 12, 'act=gelu init=he_nor...orm=layer norm_at=pre' 13, 'init=he_normal' 14)
set tmargin at screen 0.8991
set bmargin at screen 0.1096
set yrange [14.5:-0.5]
set lmargin at screen 0.38
set rmargin at screen 0.68
set logscale x
set format x '10^{%L}'
unset mxtics
set xtics 1e-1,1e1,1e1
set xrange [0.031623:31.623]
set title "gradient kept at layer 1"
set arrow 1 from first 1, graph 0 to first 1, graph 1 nohead lc rgb '#6e7781' dt 2
plot data using ($3 > 0 ? NaN : 1):1:($2-1):(0) with vectors nohead lc rgb '#0072b2' lw 1.5 notitle, \
     data using ($3 > 0 ? NaN : $2):1 with points pt 7 ps 0.9 lc rgb '#0072b2' notitle, \
     data using ($3 > 0 ? 1 : NaN):1:($2-1):(0) with vectors head filled lc rgb '#0072b2' lw 1.5 notitle, \
     data using ($3 > 0 ? sqrt($2) : NaN):1:4 with labels offset 0,0.5 font ',11' tc rgb '#6e7781' notitle
set lmargin at screen 0.72
set rmargin at screen 0.97
unset ytics
unset logscale x
set xtics 0,0.5
set format x '%gx'
set xrange [0:1.5]
set title "time of a step, base = 1"
plot data using 8:1:($9-$8):(0) with vectors nohead lc rgb '#d55e00' lw 2 notitle, \
     data using ($6 > 0 ? NaN : $5):1 with points pt 5 ps 0.8 lc rgb '#d55e00' notitle, \
     data using ($6 > 0 ? 0 : NaN):1:5:(0) with vectors head filled lc rgb '#d55e00' lw 1.5 notitle, \
     data using ($6 > 0 ? $5/2 : NaN):1:7 with labels offset 0,0.5 font ',11' tc rgb '#6e7781' notitle
unset multiplot
