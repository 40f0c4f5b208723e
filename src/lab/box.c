#include "lab/box.h"

#include <stdlib.h>
#include <string.h>

#include "lab/box_edit.h"
#include "lab/box_list.h"
#include "packet/field.h"
#include "packet/mptcp_option.h"

static const struct box_ops *const boxes[] = {
    &box_strip,	    &box_set_field,  &box_option_set, &box_add,	      &box_reorder,  &box_mss_clamp,
    &box_seq_shift, &box_nat,	     &box_dnat,	      &box_drop,      &box_reset,    &box_reject,
    &box_mirror,    &box_proxy,	     &box_ttl_set,    &box_split,     &box_coalesce, &box_payload,
    &box_early_ack, &box_hold_holes, &box_rexmit,     &box_clamp_ack, &box_window,   &box_state,
    &box_lb,	    &box_syn_proxy,  &box_terminate,  NULL,
};

static const struct {
	const char *name;
	int kind;
} kinds[] = {
    {"any", BOX_KIND_ANY},
    {"unknown", BOX_KIND_UNKNOWN},
    {"mss", TCP_OPT_MSS},
    {"wscale", TCP_OPT_WSCALE},
    {"sack_perm", TCP_OPT_SACK_PERM},
    {"sack", TCP_OPT_SACK},
    {"timestamp", TCP_OPT_TIMESTAMP},
    {"md5", TCP_OPT_MD5},
    {"user_timeout", TCP_OPT_USER_TIMEOUT},
    {"ao", TCP_OPT_AO},
    {"mptcp", TCP_OPT_MPTCP},
    {"fastopen", TCP_OPT_FASTOPEN},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct box_ops *const *box_list(void)
{
	return boxes;
}

const struct box_ops *box_find(const char *name)
{
	for (size_t i = 0; boxes[i]; i++)
		if (!strcmp(boxes[i]->name, name))
			return boxes[i];
	return NULL;
}

/* "a, b or c" */
static void put_name(struct buf *out, const char *name, size_t i, bool last)
{
	buf_printf(out, "%s%s", !i ? "" : last ? " or " : ", ", name);
}

static int unknown_box(const char *name, struct error *err)
{
	struct buf names = {0};
	int rc;

	for (size_t i = 0; boxes[i]; i++)
		put_name(&names, boxes[i]->name, i, !boxes[i + 1]);
	rc = error_set(err, ERR_USAGE, "box '%s': expected %s", name, buf_text(&names));
	buf_fini(&names);
	return rc;
}

struct box *box_new(const char *name, struct error *err)
{
	const struct box_ops *ops = box_find(name);
	struct box *box;

	if (!ops) {
		unknown_box(name, err);
		return NULL;
	}
	box = calloc(1, ops->size);
	if (!box) {
		error_set(err, ERR_NOMEM, "box '%s': out of memory", name);
		return NULL;
	}
	box->ops = ops;
	if (ops->init)
		ops->init(box);
	return box;
}

void box_free(struct box *box)
{
	if (box && box->ops->fini)
		box->ops->fini(box);
	free(box);
}

/* The value as the user wrote it. */
static void put_value(struct buf *out, const struct box_value *value)
{
	if (value->type == BOX_VALUE_TEXT)
		buf_printf(out, "'%s'", value->text);
	else if (value->type == BOX_VALUE_BOOL)
		buf_printf(out, "%s", value->flag ? "true" : "false");
	else
		buf_printf(out, "%lld", (long long)value->number);
}

static bool set_int(const struct box_param *param, void *at, const struct box_value *value)
{
	if (value->type != BOX_VALUE_INT || value->number < param->min ||
	    value->number > param->max)
		return false;
	*(int64_t *)at = value->number;
	return true;
}

static bool set_bool(const struct box_param *param, void *at, const struct box_value *value)
{
	(void)param;
	if (value->type != BOX_VALUE_BOOL)
		return false;
	*(bool *)at = value->flag;
	return true;
}

static bool set_choice(const struct box_param *param, void *at, const struct box_value *value)
{
	for (int i = 0; value->type == BOX_VALUE_TEXT && param->choices[i]; i++) {
		if (strcmp(param->choices[i], value->text) != 0)
			continue;
		*(int *)at = i;
		return true;
	}
	return false;
}

static bool set_addr(const struct box_param *param, void *at, const struct box_value *value)
{
	(void)param;
	return value->type == BOX_VALUE_TEXT && ip_addr_parse(at, value->text);
}

static bool set_small(void *at, const struct box_value *value, int64_t max)
{
	if (value->type != BOX_VALUE_INT || value->number < 0 || value->number > max)
		return false;
	*(int *)at = (int)value->number;
	return true;
}

static bool set_kind(const struct box_param *param, void *at, const struct box_value *value)
{
	(void)param;
	if (value->type != BOX_VALUE_TEXT)
		return set_small(at, value, 255);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (strcmp(kinds[i].name, value->text) != 0)
			continue;
		*(int *)at = kinds[i].kind;
		return true;
	}
	return false;
}

static bool set_subtype(const struct box_param *param, void *at, const struct box_value *value)
{
	int subtype;

	(void)param;
	if (value->type != BOX_VALUE_TEXT)
		return set_small(at, value, MPTCP_SUBTYPES - 1);
	subtype = mptcp_subtype_by_name(value->text);
	if (subtype < 0 && strcmp(value->text, "any") != 0)
		return false;
	*(int *)at = subtype;
	return true;
}

static bool set_field(const struct box_param *param, void *at, const struct box_value *value)
{
	enum field f = FIELD_NONE;

	(void)param;
	if (value->type == BOX_VALUE_TEXT)
		f = field_by_name(value->text);
	*(enum field *)at = f;
	return f != FIELD_NONE;
}

static void expect_int(struct buf *out, const struct box_param *param)
{
	buf_printf(out, "a whole number from %lld to %lld", (long long)param->min,
		   (long long)param->max);
}

static void expect_bool(struct buf *out, const struct box_param *param)
{
	(void)param;
	buf_printf(out, "true or false");
}

static void expect_choice(struct buf *out, const struct box_param *param)
{
	for (size_t i = 0; param->choices[i]; i++)
		put_name(out, param->choices[i], i, !param->choices[i + 1]);
}

static void expect_addr(struct buf *out, const struct box_param *param)
{
	(void)param;
	buf_printf(out, "an IPv4 or IPv6 address");
}

static void expect_kind(struct buf *out, const struct box_param *param)
{
	(void)param;
	buf_printf(out, "a number from 0 to 255");
	for (size_t i = 0; i < COUNT(kinds); i++)
		put_name(out, kinds[i].name, i + 1, i + 1 == COUNT(kinds));
}

static void expect_subtype(struct buf *out, const struct box_param *param)
{
	(void)param;
	buf_printf(out, "a number from 0 to 15");
	for (unsigned i = 0; i < MPTCP_SUBTYPES; i++)
		if (mptcp_subtype_name(i))
			put_name(out, mptcp_subtype_name(i), 1, false);
	put_name(out, "any", 1, true);
}

static void expect_field(struct buf *out, const struct box_param *param)
{
	(void)param;
	buf_printf(out, "a header field such as ip.dsfield.ecn, ip.id or tcp.window_size_value");
}

/* A row per enum box_param_type: how a value is taken, and what to say if it cannot be. */
static const struct {
	bool (*set)(const struct box_param *param, void *at, const struct box_value *value);
	void (*expected)(struct buf *out, const struct box_param *param);
} types[] = {
    [PARAM_INT] = {set_int, expect_int},	  [PARAM_BOOL] = {set_bool, expect_bool},
    [PARAM_CHOICE] = {set_choice, expect_choice}, [PARAM_ADDR] = {set_addr, expect_addr},
    [PARAM_KIND] = {set_kind, expect_kind},	  [PARAM_SUBTYPE] = {set_subtype, expect_subtype},
    [PARAM_FIELD] = {set_field, expect_field},
};

static int bad_value(const struct box *box, const struct box_param *param,
		     const struct box_value *value, struct error *err)
{
	struct buf found = {0}, expected = {0};
	int rc;

	put_value(&found, value);
	types[param->type].expected(&expected, param);
	rc = error_set(err, ERR_USAGE, "box '%s': %s = %s: expected %s", box->ops->name,
		       param->name, buf_text(&found), buf_text(&expected));
	buf_fini(&found);
	buf_fini(&expected);
	return rc;
}

static int unknown_param(const struct box *box, const char *key, struct error *err)
{
	const struct box_param *param = box->ops->params;
	struct buf names = {0};
	int rc;

	for (size_t i = 0; param[i].name; i++)
		put_name(&names, param[i].name, i, !param[i + 1].name);
	rc = error_set(err, ERR_USAGE, "box '%s': '%s' is no parameter: expected %s",
		       box->ops->name, key, buf_text(&names));
	buf_fini(&names);
	return rc;
}

int box_set(struct box *box, const char *key, const struct box_value *value, struct error *err)
{
	const struct box_param *param = box->ops->params;

	while (param->name && strcmp(param->name, key) != 0)
		param++;
	if (!param->name)
		return unknown_param(box, key, err);
	if (!types[param->type].set(param, (char *)box + param->offset, value))
		return bad_value(box, param, value, err);
	return 0;
}

int box_ready(struct box *box, struct error *err)
{
	return box->ops->ready ? box->ops->ready(box, err) : 0;
}
