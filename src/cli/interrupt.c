#include "cli/interrupt.h"

#include <signal.h>
#include <stddef.h>

/* The one thing a signal handler can reach. */
static volatile sig_atomic_t raised;

static void handle(int signal_number)
{
	(void)signal_number;
	raised = 1;
}

void interrupt_raise(void)
{
	raised = 1;
}

const volatile int *interrupt_arm(void)
{
	/* No SA_RESTART: a wait for packets must end. */
	struct sigaction stop = {.sa_handler = handle, .sa_flags = (int)SA_RESETHAND};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	return &raised;
}

static void mask_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(how, &set, NULL);
}

void interrupt_hold(void)
{
	mask_signals(SIG_BLOCK);
}

void interrupt_release(void)
{
	mask_signals(SIG_UNBLOCK);
}
