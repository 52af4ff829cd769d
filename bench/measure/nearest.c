/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/nearest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 63 };

/* '-' and '_' are the same key to most fingers, and so is the case. */
static int plain(char c)
{
    return c == '-' ? '_' : tolower((unsigned char)c);
}

/* Restricted Damerau-Levenshtein distance: insert, delete, replace, swap of neighbours. Anything
 * above @p limit where it is above that: lengths that differ by more are not compared at all. */
static int distance(const char *a, const char *b, int limit)
{
    int n = (int)strlen(a), m = (int)strlen(b), d[3][WORD_MAX + 2];
    if (n > WORD_MAX || m > WORD_MAX || n - m > limit || m - n > limit)
        return WORD_MAX;
    for (int j = 0; j <= m; j++)
        d[0][j] = j;
    for (int i = 1; i <= n; i++) {
        int *row = d[i % 3], *above = d[(i + 2) % 3], *two = d[(i + 1) % 3];
        int least = i;
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            int same = plain(a[i - 1]) == plain(b[j - 1]);
            int best = above[j - 1] + !same;
            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && plain(a[i - 1]) == plain(b[j - 2]) &&
                plain(a[i - 2]) == plain(b[j - 1]) && two[j - 2] + 1 < best)
                best = two[j - 2] + 1;
            row[j] = best;
            least = best < least ? best : least;
        }
        /* No row has less than the one above, nor does a swap get past a row for less. */
        if (least > limit)
            return WORD_MAX;
    }
    return d[n % 3][m];
}

const char *vg_nearest(const char *word, const char *const *choices)
{
    const char *nearest = NULL;
    int length = (int)strlen(word), least = 1 + length / 3; /* a third of it may be wrong */
    least = least > 3 ? 3 : least;
    for (int i = 0; choices[i]; i++) {
        int d = distance(word, choices[i], least);
        if (d <= least && !(nearest && d == least)) {
            least = d;
            nearest = choices[i];
        }
    }
    for (int i = 0; !nearest && length >= 3 && choices[i]; i++) /* "kaiming" for kaiming_normal */
        if (!strncmp(word, choices[i], (size_t)length))
            nearest = choices[i];
    return nearest;
}

const char *vg_did_you_mean(const char *word, const char *const *choices, char *text, size_t size)
{
    const char *nearest = vg_nearest(word, choices);
    if (nearest)
        snprintf(text, size, "; did you mean '%s'?", nearest);
    else if (size)
        text[0] = '\0';
    return text;
}

const char *vg_words_join(const char *const *words, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; words[i] && used < size; i++) {
        int n = snprintf(text + used, size - used, "%s%s", i ? ", " : "", words[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    return text;
}
