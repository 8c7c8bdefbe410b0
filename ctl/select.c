#include "ctl/select.h"

#include <stdlib.h>
#include <string.h>

#include "base/glob.h"

#define NESTING_MAX 64 /* calls of expression() inside each other */

struct parser {
	const char *start, *at;
	unsigned nesting;
	char *error;
};

/* Longest first, so that "<=" is not read as "<". */
static const struct operator_row {
	const char *text, *op;
	bool negated;
} operators[] = {
	{ "==", "glob", false },
	{ "!=", "glob", true },
	{ "<=", "le", false },
	{ ">=", "ge", false },
	{ "=", "glob", false },
	{ "<", "lt", false },
	{ ">", "gt", false },
};
#define OPERATORS (sizeof operators / sizeof operators[0])

static json_t *expression(struct parser *);

static json_t *
fail(struct parser *p, const char *what)
{
	if (p->error[0] == '\0')
		snprintf(p->error, CTL_ERROR_MAX, "column %zu: %.900s",
		    (size_t)(p->at - p->start) + 1, what);
	return NULL;
}

static void
skip_space(struct parser *p)
{
	p->at += strspn(p->at, " \t\n");
}

static const struct operator_row *
operator_at(const char *text)
{
	for (size_t i = 0; i < OPERATORS; i++)
		if (strncmp(text, operators[i].text,
			strlen(operators[i].text)) == 0)
			return &operators[i];
	return NULL;
}

static size_t
word_length(const char *text)
{
	return strcspn(text, " \t\n()=!<>\"'");
}

/* A keyword stands alone: "order" is not "or". */
static bool
take_keyword(struct parser *p, const char *word)
{
	size_t len = strlen(word);

	skip_space(p);
	if (word_length(p->at) != len || memcmp(p->at, word, len) != 0)
		return false;
	/* "or = 3" asks for a fact of that name. */
	if (operator_at(p->at + len + strspn(p->at + len, " \t\n")) != NULL)
		return false;
	p->at += len;
	return true;
}

static bool
take_char(struct parser *p, char c)
{
	skip_space(p);
	if (*p->at != c)
		return false;
	p->at++;
	return true;
}

static size_t
tree_depth(const json_t *node)
{
	size_t deepest = 0, depth, i;
	const char *name;
	json_t *value;

	if (json_is_array(node)) {
		json_array_foreach (node, i, value) {
			depth = tree_depth(value);
			deepest = depth > deepest ? depth : deepest;
		}
		return deepest + 1;
	}
	if (!json_is_object(node))
		return 0;
	json_object_foreach ((json_t *)(uintptr_t)node, name, value) {
		depth = tree_depth(value);
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest + 1;
}

/* node inside; frees it on failure. */
static json_t *
bounded(struct parser *p, json_t *node)
{
	if (node != NULL && tree_depth(node) <= SELECT_DEPTH_MAX)
		return node;
	json_decref(node);
	return fail(p, node == NULL ? "out of memory" : "nested too deeply");
}

json_t *
select_node(const struct comparison *c, char error[static CTL_ERROR_MAX])
{
	json_t *node;
	char *end;

	if (strcmp(c->op, "glob") != 0) {
		long long number = strtoll(c->value, &end, 10);

		if (end == c->value || *end != '\0' || strlen(c->value) > 18) {
			snprintf(error, CTL_ERROR_MAX,
			    "fact %.100s: '%.100s' is no whole number, and "
			    "only those are ordered",
			    c->fact, c->value);
			return NULL;
		}
		node = json_pack("{ss ss sI}", "fact", c->fact, "op", c->op,
		    "value", (json_int_t)number);
	} else if (!glob_valid(c->value)) {
		snprintf(error, CTL_ERROR_MAX,
		    "fact %.100s: '%.300s' is no pattern of 1 to 255 bytes "
		    "with every [ closed",
		    c->fact, c->value);
		return NULL;
	} else {
		node = json_pack("{ss ss ss}", "fact", c->fact, "op", c->op,
		    "value", c->value);
		if (c->negated)
			node = json_pack("{so}", "not", node);
	}
	if (node == NULL)
		snprintf(error, CTL_ERROR_MAX,
		    "fact %.100s: not UTF-8, or out of memory", c->fact);
	return node;
}

/* A value, quoted or up to a space or parenthesis. False and a message. */
static bool
take_value(struct parser *p, char value[static GLOB_PATTERN_MAX + 1])
{
	char quote;
	size_t len;

	skip_space(p);
	quote = *p->at == '"' || *p->at == '\'' ? *p->at : '\0';
	if (quote != '\0') {
		const char *close = strchr(p->at + 1, quote);

		if (close == NULL)
			return fail(p, "a quote that is not closed"), false;
		p->at++;
		len = (size_t)(close - p->at);
	} else {
		len = strcspn(p->at, " \t\n()");
	}
	if (len == 0)
		return fail(p, "a value is missing"), false;
	if (len > GLOB_PATTERN_MAX)
		return fail(p, "a value of more than 255 bytes"), false;
	memcpy(value, p->at, len);
	value[len] = '\0';
	p->at += len + (quote != '\0');
	return true;
}

static bool
take_fact(struct parser *p, char fact[static 256])
{
	size_t len;

	skip_space(p);
	len = word_length(p->at);
	if (len == 0)
		return fail(p, *p->at == '\0' ? "a fact is missing at the end"
					      : "a fact is expected here"),
		       false;
	if (len > 255)
		return fail(p, "a fact's name of more than 255 bytes"), false;
	memcpy(fact, p->at, len);
	fact[len] = '\0';
	p->at += len;
	return true;
}

static json_t *
comparison(struct parser *p)
{
	const struct operator_row *row;
	struct comparison c = { .negated = false };
	char value[GLOB_PATTERN_MAX + 1], why[CTL_ERROR_MAX];
	const char *start;
	json_t *node;

	if (!take_fact(p, c.fact))
		return NULL;
	skip_space(p);
	row = operator_at(p->at);
	if (row == NULL)
		return bounded(p, json_pack("{ss ss sb}", "fact", c.fact, "op",
				      "exists", "value", 1));
	p->at += strlen(row->text);
	skip_space(p);
	start = p->at;
	if (!take_value(p, value))
		return NULL;
	c.op = row->op;
	c.negated = row->negated;
	c.value = value;
	node = select_node(&c, why);
	if (node == NULL) {
		p->at = start;
		fail(p, why);
	}
	return node;
}

static json_t *
factor(struct parser *p)
{
	json_t *node;

	if (take_keyword(p, "not")) {
		if (++p->nesting > NESTING_MAX)
			return fail(p, "nested too deeply");
		node = factor(p);
		p->nesting--;
		return node == NULL
			   ? NULL
			   : bounded(p, json_pack("{so}", "not", node));
	}
	if (!take_char(p, '('))
		return comparison(p);
	node = expression(p);
	if (node == NULL || take_char(p, ')'))
		return node;
	json_decref(node);
	return fail(p, "')' is missing");
}

/* One or several of part, joined by word. */
static json_t *
joined(struct parser *p, const char *word, json_t *(*part)(struct parser *))
{
	json_t *node = part(p), *list = NULL;

	while (node != NULL && take_keyword(p, word)) {
		json_t *next = part(p);

		if (list == NULL) {
			list = json_pack("[o]", node);
			node = json_pack("{so*}", word, list);
		}
		if (next == NULL || node == NULL ||
		    json_array_append_new(list, next) != 0) {
			json_decref(node);
			return fail(p, "out of memory");
		}
	}
	return list == NULL ? node : bounded(p, node);
}

static json_t *
term(struct parser *p)
{
	return joined(p, "and", factor);
}

static json_t *
expression(struct parser *p)
{
	json_t *node;

	if (++p->nesting > NESTING_MAX)
		return fail(p, "nested too deeply");
	node = joined(p, "or", term);
	p->nesting--;
	return node;
}

json_t *
select_parse(const char *expr, char error[static CTL_ERROR_MAX])
{
	struct parser p = { expr, expr, 0, error };
	json_t *node;

	error[0] = '\0';
	if (strlen(expr) > SELECT_TEXT_MAX)
		return fail(&p, "an expression of more than 4096 bytes");
	node = expression(&p);
	skip_space(&p);
	if (node == NULL || *p.at == '\0')
		return node;
	json_decref(node);
	return fail(&p, "'and', 'or' or the end is expected here");
}

bool
select_comparison(
    const char *text, struct comparison *out, char error[static CTL_ERROR_MAX])
{
	size_t len = strcspn(text, "=!<>");
	const struct operator_row *row = operator_at(text + len);

	if (len == 0 || len > 255 || row == NULL ||
	    text[len + strlen(row->text)] == '\0') {
		snprintf(error, CTL_ERROR_MAX,
		    "'%.300s' is not FACT=GLOB: write os.name=debian or "
		    "'cpus>=4'",
		    text);
		return false;
	}
	memcpy(out->fact, text, len);
	out->fact[len] = '\0';
	out->op = row->op;
	out->negated = row->negated;
	out->value = text + len + strlen(row->text);
	return true;
}
