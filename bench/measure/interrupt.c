/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t interrupted;

static void on_signal(int signal_number)
{
    interrupted = signal_number;
}

void vg_interrupt_install(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    /* A reader that went away (`| head`): what is finished still goes into the files, and every
     * further line of the table raises it again. */
    action.sa_flags = 0;
    sigaction(SIGPIPE, &action, NULL);
}

int vg_interrupted(void)
{
    return interrupted;
}
