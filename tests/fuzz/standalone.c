/* Runs a fuzzer without libFuzzer: over its committed corpus, then over random mutations of it.
 * usage: fuzz_NAME [FILE...]
 *
 * Without arguments the corpus is tests/fuzz/corpus/NAME; it is mutated for ROUNDS rounds or
 * SECONDS at most. MBOXTRACE_SEED sets the seed. Prints
 *   # seed 1, 14 inputs, 50000 mutations
 *   ok 1 - fuzz_quote
 * An input that crashes stays in build/fuzz_NAME.input. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "util/rng.h"

#define INPUT_MAX  4096
#define INPUTS_MAX 1024
#define ROUNDS	   200000
#define SECONDS	   3

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

struct input {
	uint8_t octets[INPUT_MAX];
	size_t len;
};

struct corpus {
	struct input inputs[INPUTS_MAX];
	size_t count;
	uint8_t *last; /* the input being tried, mapped from a file */
	int last_fd;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void add_file(struct corpus *corpus, const char *path)
{
	FILE *file = corpus->count < INPUTS_MAX ? fopen(path, "rb") : NULL;
	struct input *input = &corpus->inputs[corpus->count];

	if (!file)
		return;
	input->len = fread(input->octets, 1, INPUT_MAX, file);
	corpus->count++;
	fclose(file);
}

static void add_directory(struct corpus *corpus, const char *path)
{
	struct dirent **names;
	int count = scandir(path, &names, NULL, alphasort);
	char file[1024];

	for (int i = 0; i < count; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			add_file(corpus, file);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
}

/* Maps a file over the input being tried, so that it outlives a crash. */
static void keep_last(struct corpus *corpus, const char *name)
{
	char path[256];
	void *map;

	snprintf(path, sizeof(path), "build/%s.input", name);
	corpus->last_fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (corpus->last_fd < 0 || ftruncate(corpus->last_fd, INPUT_MAX) != 0)
		return;
	map = mmap(NULL, INPUT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, corpus->last_fd, 0);
	corpus->last = map == MAP_FAILED ? NULL : map;
}

static void forget_last(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "build/%s.input", name);
	unlink(path);
}

/* The fuzzer gets memory of exactly this size, so that a sanitizer sees an octet read too far. */
static void try_input(struct corpus *corpus, const struct input *input)
{
	uint8_t *exact = malloc(input->len ? input->len : 1);

	if (!exact)
		abort();
	memcpy(exact, input->octets, input->len);
	if (corpus->last && ftruncate(corpus->last_fd, (off_t)input->len) == 0)
		memcpy(corpus->last, exact, input->len);
	LLVMFuzzerTestOneInput(exact, input->len);
	free(exact);
}

static void flip(struct input *in, const struct corpus *corpus, struct rng *rng)
{
	(void)corpus;
	if (in->len)
		in->octets[rng_below(rng, (uint32_t)in->len)] ^= (uint8_t)(1u << rng_below(rng, 8));
}

static void set_octet(struct input *in, const struct corpus *corpus, struct rng *rng)
{
	static const uint8_t interesting[] = {0, 1, 2, 4, 8, 20, 30, 40, 60, 127, 128, 254, 255};

	(void)corpus;
	if (in->len)
		in->octets[rng_below(rng, (uint32_t)in->len)] =
		    rng_chance(rng, 0.5) ? interesting[rng_below(rng, sizeof(interesting))]
					 : (uint8_t)rng_u32(rng);
}

static void cut(struct input *in, const struct corpus *corpus, struct rng *rng)
{
	(void)corpus;
	in->len = rng_below(rng, (uint32_t)in->len + 1);
}

static void insert(struct input *in, const struct corpus *corpus, struct rng *rng)
{
	uint32_t at = rng_below(rng, (uint32_t)in->len + 1);

	(void)corpus;
	if (in->len == INPUT_MAX)
		return;
	memmove(in->octets + at + 1, in->octets + at, in->len - at);
	in->octets[at] = (uint8_t)rng_u32(rng);
	in->len++;
}

/* The rest of another input from somewhere on. */
static void cross(struct input *in, const struct corpus *corpus, struct rng *rng)
{
	const struct input *other = &corpus->inputs[rng_below(rng, (uint32_t)corpus->count)];
	uint32_t at = rng_below(rng, (uint32_t)in->len + 1);
	uint32_t from = rng_below(rng, (uint32_t)other->len + 1);
	size_t len = other->len - from;

	if (len > INPUT_MAX - at)
		len = INPUT_MAX - at;
	memcpy(in->octets + at, other->octets + from, len);
	in->len = at + len;
}

static void mutate(struct input *in, const struct corpus *corpus, struct rng *rng)
{
	static void (*const ways[])(struct input *, const struct corpus *, struct rng *) = {
	    flip, set_octet, set_octet, cut, insert, cross};

	for (uint32_t n = 1 + rng_below(rng, 6); n; n--)
		ways[rng_below(rng, sizeof(ways) / sizeof(ways[0]))](in, corpus, rng);
}

static unsigned run(struct corpus *corpus, struct rng *rng)
{
	time_t end = time(NULL) + SECONDS;
	unsigned rounds = 0;

	for (size_t i = 0; i < corpus->count; i++)
		try_input(corpus, &corpus->inputs[i]);
	for (; rounds < ROUNDS && time(NULL) <= end; rounds++) {
		struct input in = corpus->inputs[rng_below(rng, (uint32_t)corpus->count)];

		mutate(&in, corpus, rng);
		try_input(corpus, &in);
	}
	return rounds;
}

static void load(struct corpus *corpus, int argc, char **argv)
{
	char path[256];

	for (int i = 1; i < argc; i++)
		add_file(corpus, argv[i]);
	snprintf(path, sizeof(path), "tests/fuzz/corpus/%s", base_name(argv[0]) + strlen("fuzz_"));
	if (argc < 2)
		add_directory(corpus, path);
	if (corpus->count == 0)
		corpus->count = 1; /* the empty input */
}

int main(int argc, char **argv)
{
	const char *seed_text = getenv("MBOXTRACE_SEED");
	uint64_t seed = seed_text ? strtoull(seed_text, NULL, 0) : 1;
	struct corpus *corpus = calloc(1, sizeof(*corpus));
	struct rng rng;

	if (!corpus)
		return 1;
	rng_seed(&rng, seed);
	load(corpus, argc, argv);
	keep_last(corpus, base_name(argv[0]));
	printf("# seed %llu, %zu inputs\n", (unsigned long long)seed, corpus->count);
	fflush(stdout);
	if (argc < 2)
		printf("# %u mutations\n", run(corpus, &rng));
	else
		for (size_t i = 0; i < corpus->count; i++)
			try_input(corpus, &corpus->inputs[i]);
	printf("ok 1 - %s\n", base_name(argv[0]));
	forget_last(base_name(argv[0]));
	free(corpus);
	return 0;
}
