# Draw again: gnuplot drift_1.gp
if (!exists('output')) output = 'drift_1.svg'
data = 'drift_1.dat'
set terminal svg size 800,320 fixed enhanced font 'sans-serif,14' name 'drift_1'
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
set title 'Drift over the run, one thread, between cases'
set xlabel 'seconds since the first look'
set ylabel '% of the median'
plot data index 0 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt 1 pt 7 ps 0.5 title 'clock rate', \
     data index 1 using 1:2 with linespoints lc rgb '#d55e00' lw 2 dt 1 pt 5 ps 0.5 title 'bandwidth of 256 KiB'
