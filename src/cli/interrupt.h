/* SIGINT and SIGTERM end the measurement, not the program: what was learnt is still printed. */
#ifndef MBOXTRACE_CLI_INTERRUPT_H
#define MBOXTRACE_CLI_INTERRUPT_H

/* From now on a first signal sets the flag that is returned, and a second one kills. Writing to a
 * closed pipe becomes an error instead of a signal. */
const volatile int *interrupt_arm(void);

/* While held, signals come only where a live net waits for packets: none falls between a look at
 * the flag and the wait. */
void interrupt_hold(void);
void interrupt_release(void);

void interrupt_raise(void); /* as if a signal had come */

#endif
