/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/sums_body.h"
