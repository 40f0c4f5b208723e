/* cmocka with the headers that it wants before itself. */
#ifndef MBOXTRACE_TESTS_SUPPORT_CMOCKA_ALL_H
#define MBOXTRACE_TESTS_SUPPORT_CMOCKA_ALL_H

/* clang-format off: the order matters */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* clang-format on */

#endif
