/* What amirald -t was asked. Part of amirald-reader. */
#ifndef AMIRAL_READER_QUESTION_H
#define AMIRAL_READER_QUESTION_H

struct question {
	const char *conf;
	const char *operator_, *provider; /* both of --may, or NULL */
	char *const *args;                /* with both: KEY=VALUE, up to NULL */
};

#endif
