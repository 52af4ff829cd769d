/* SPDX-License-Identifier: Apache-2.0 */
/* For CPUs without the clusters: the vector layer with one lane. */
#include "monitor/sums_body.h"
