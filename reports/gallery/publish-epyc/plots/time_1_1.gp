# Draw again: gnuplot time_1_1.gp
if (!exists('output')) output = 'time_1_1.svg'
data = 'time_1_1.dat'
set terminal svg size 800,440 fixed enhanced font 'sans-serif,14' name 'time_1_1'
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
set format y '10^{%L}'
set title 'Gradient signal against time'
set xlabel 'time step (1 = first)'
set ylabel 'signal / signal at the last time step'
unset mytics
set xrange [1:100]
plot data index 0 using 1:6:7 with filledcurves lc rgb '#808080' notitle, \
     data index 0 using 1:3:4 with filledcurves lc rgb '#0072b2' notitle, \
     data index 0 using 1:5 with lines lc rgb '#808080' lw 1.5 dt 2 notitle, \
     data index 0 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt 1 pt 7 ps 0.6 pn 12 title 'rnn, tanh', \
     data index 1 using 1:6:7 with filledcurves lc rgb '#808080' notitle, \
     data index 1 using 1:3:4 with filledcurves lc rgb '#d55e00' notitle, \
     data index 1 using 1:5 with lines lc rgb '#808080' lw 1.5 dt 2 notitle, \
     data index 1 using 1:2 with linespoints lc rgb '#d55e00' lw 2 dt 1 pt 5 ps 0.6 pn 12 title 'lstm', \
     data index 2 using 1:6:7 with filledcurves lc rgb '#808080' notitle, \
     data index 2 using 1:3:4 with filledcurves lc rgb '#009e73' notitle, \
     data index 2 using 1:5 with lines lc rgb '#808080' lw 1.5 dt 2 notitle, \
     data index 2 using 1:2 with linespoints lc rgb '#009e73' lw 2 dt 1 pt 9 ps 0.6 pn 12 title 'gru', \
     NaN with lines lc rgb '#808080' lw 1.5 dt 2 title 'theory, band of 2 standard deviations'
