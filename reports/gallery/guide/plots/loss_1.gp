# Draw again: gnuplot loss_1.gp
if (!exists('output')) output = 'loss_1.svg'
data = 'loss_1.dat'
set terminal svg size 800,400 fixed enhanced font 'sans-serif,14' name 'loss_1'
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
set title 'Loss'
set xlabel 'step'
set ylabel 'loss'
set logscale y
unset mytics
plot data index 0 using 1:2 with lines lc rgb '#0072b2' lw 2 dt 1 title 'relu, he_normal, adam, depth 6', \
     data index 1 using 1:2 with lines lc rgb '#d55e00' lw 2 dt 1 title 'leaky_relu, he_normal, adam, depth 6', \
     data index 2 using 1:2 with lines lc rgb '#009e73' lw 2 dt 1 title 'prelu, he_normal, adam, depth 6', \
     data index 3 using 1:2 with lines lc rgb '#c56a9d' lw 2 dt 1 title 'elu, xavier_normal, adam, depth 6', \
     data index 4 using 1:2 with lines lc rgb '#c98a00' lw 2 dt 1 title 'gelu, he_normal, adam, depth 6', \
     data index 5 using 1:2 with lines lc rgb '#4fa3d8' lw 2 dt 1 title 'relu, he_normal, sgd, depth 8', \
     data index 6 using 1:2 with lines lc rgb '#808080' lw 2 dt 1 title 'relu, he_normal, sgd, depth 8', \
     data index 7 using 1:2 with lines lc rgb '#0072b2' lw 2 dt 2 title 'relu, he_normal, adamw, depth 16', \
     data index 8 using 1:2 with lines lc rgb '#d55e00' lw 2 dt 2 title 'relu, he_normal, adamw, depth 32', \
     data index 9 using 1:2 with lines lc rgb '#009e73' lw 2 dt 2 title 'relu, he_normal, adamw, depth 64', \
     data index 10 using 1:2 with lines lc rgb '#c56a9d' lw 2 dt 2 title 'relu, he_normal, layer, residual, adamw, depth 64', \
     data index 11 using 1:2 with lines lc rgb '#c98a00' lw 2 dt 2 title 'relu, he_normal, layer, residual, adamw, depth 50', \
     data index 12 using 1:2 with lines lc rgb '#4fa3d8' lw 2 dt 2 title 'relu, xavier_normal, sgd, depth 16', \
     data index 13 using 1:2 with lines lc rgb '#808080' lw 2 dt 2 title 'relu, xavier_normal, adamw, depth 16'
