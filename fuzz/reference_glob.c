/* Part of the fuzz targets: see reference.h. */
#include <string.h>

#include "fuzz/reference.h"

#define TOKENS_MAX 256
#define TEXT_MAX   65536

enum token_kind { TOKEN_STAR, TOKEN_SET };

/* A set of bytes, or any number of bytes. */
struct token {
	enum token_kind kind;
	bool literal;
	bool has[256];
};

/* One byte of a set, or -1 at the end of the pattern. */
static int
set_byte(const char **p)
{
	if (**p == '\\')
		(*p)++;
	return **p == '\0' ? -1 : (unsigned char)*(*p)++;
}

/* p stands behind '['. */
static bool
read_set(const char **p, struct token *token)
{
	bool inverted = **p == '!', first = true;

	if (inverted)
		(*p)++;
	for (; first || **p != ']'; first = false) {
		int from = set_byte(p), to = from;

		if (from == -1)
			return false;
		if (**p == '-' && (*p)[1] != ']') {
			(*p)++;
			to = set_byte(p);
			if (to == -1)
				return false;
		}
		for (int c = from; c <= to; c++)
			token->has[c] = true;
	}
	(*p)++;
	for (int c = 0; inverted && c < 256; c++)
		token->has[c] = !token->has[c];
	return true;
}

static bool
read_token(const char **p, struct token *token)
{
	unsigned char c = (unsigned char)*(*p)++;

	memset(token, 0, sizeof(*token));
	token->kind = c == '*' ? TOKEN_STAR : TOKEN_SET;
	if (c == '?')
		memset(token->has, true, sizeof(token->has));
	else if (c == '[')
		return read_set(p, token);
	else if (c != '*') {
		token->literal = true;
		if (c == '\\')
			c = (unsigned char)*(*p)++;
		token->has[c] = true;
	}
	return c != '\0';
}

/* The number of tokens; -1 for no pattern. */
static int
read_pattern(const char *pattern, struct token *tokens)
{
	int n = 0;

	if (*pattern == '\0' || strlen(pattern) > 255)
		return -1;
	while (*pattern != '\0')
		if (!read_token(&pattern, &tokens[n++]))
			return -1;
	return n;
}

bool
reference_glob_valid(const char *pattern)
{
	static struct token tokens[TOKENS_MAX];

	return read_pattern(pattern, tokens) >= 0;
}

/* The whole table: is tokens[i..] good for text[j..]? From the back. */
bool
reference_glob(const char *pattern, const char *text, bool slash)
{
	static struct token tokens[TOKENS_MAX];
	static bool good[2][TEXT_MAX + 1];
	size_t len = strlen(text);
	int n = read_pattern(pattern, tokens);

	if (n < 0 || len > TEXT_MAX)
		return false;
	memset(good, false, sizeof(good[0]));
	good[0][len] = true;
	for (int i = n - 1; i >= 0; i--) {
		bool *here = good[(n - i) & 1], *next = good[(n - i + 1) & 1];
		const struct token *token = &tokens[i];

		here[len] = token->kind == TOKEN_STAR && next[len];
		for (size_t j = len; j-- > 0;) {
			unsigned char c = (unsigned char)text[j];
			bool wild = slash || token->literal || c != '/';

			if (token->kind == TOKEN_STAR)
				here[j] = next[j] || (wild && here[j + 1]);
			else
				here[j] = wild && token->has[c] && next[j + 1];
		}
	}
	return good[n & 1][0];
}
