# Draw again: gnuplot grid_1_group_norm_bwd_1__.gp
if (!exists('output')) output = 'grid_1_group_norm_bwd_1__.svg'
data = 'grid_1_group_norm_bwd_1__.dat'
set terminal svg size 800,252 fixed enhanced font 'sans-serif,14' name 'grid_1_group_norm_bwd_1__'
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
set palette defined (-1 '#b3541e', -0.2 '#e3b08e', 0 '#e8e8e8', 0.2 '#9cc3e0', 1 '#0f5e9c')
set cbrange [-1:1]
set cbtics ('0.5x' -1, '0.7x' -0.515, '1x' 0, '1.4x' 0.485, '2x' 1) textcolor rgb '#6e7781'
set cblabel 'faster than oneDNN: above 1x'
set colorbox noborder
set style fill solid 1 noborder
unset grid
set border 0
set ylabel 'batch'
set title 'group_norm bwd, 1 thread'
set xlabel 'width'
set xtics scale 0 ('64' 0, '256' 1, '1024' 2)
set ytics scale 0 ('32' 0, '128' 1, '512' 2)
set xrange [-0.5:2.5]
set yrange [-0.5:2.5]
plot data using 1:2:(0.47):(0.46):3 with boxxyerror lc palette notitle, \
     data using 1:2:(sprintf('%.2f', $4)):5 with labels tc rgb variable notitle
