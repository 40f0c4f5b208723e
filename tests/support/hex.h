/* Octets written as hex digits, with blanks where they help the eye. */
#ifndef MBOXTRACE_TESTS_SUPPORT_HEX_H
#define MBOXTRACE_TESTS_SUPPORT_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Decodes at most `cap` octets; returns how many. */
size_t hex_octets(const char *hex, uint8_t *out, size_t cap);

#endif
