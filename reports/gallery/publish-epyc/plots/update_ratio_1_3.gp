# Draw again: gnuplot update_ratio_1_3.gp
if (!exists('output')) output = 'update_ratio_1_3.svg'
data = 'update_ratio_1_3.dat'
set terminal svg size 800,360 fixed enhanced font 'sans-serif,14' name 'update_ratio_1_3'
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
set logscale y
set format y '10^{%T}'
set xlabel 'step'
set ylabel '|dW| / |W| of a step'
unset mytics
set title 'act=relu norm=layer norm_at=pre final_norm=1 skip=residual' noenhanced
set yrange [1e-06:*]
plot data index 0 using 1:2 with lines lc rgb '#0072b2' lw 5 title 'layer 1', \
     data index 1 using 1:2 with lines lc rgb '#d55e00' lw 3 title 'layer 17', \
     data index 2 using 1:2 with lines lc rgb '#009e73' lw 2 title 'layer 32', \
     1e-05 with lines lc rgb '#6e7781' dt 4 title 'lr x weight decay', \
     1e-3 with lines lc rgb '#6e7781' dt 2 title '1e-3, a rule of thumb'
