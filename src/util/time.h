/* Times are int64_t nanoseconds on a monotonic axis that the back-end chooses. */
#ifndef MBOXTRACE_UTIL_TIME_H
#define MBOXTRACE_UTIL_TIME_H

#include <stdint.h>

#define NS_PER_US  INT64_C(1000)
#define NS_PER_MS  INT64_C(1000000)
#define NS_PER_S   INT64_C(1000000000)
#define TIME_NEVER INT64_MAX

#endif
