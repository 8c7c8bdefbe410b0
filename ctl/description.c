#include "ctl/description.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/slurp.h"
#include "config.h"
#include "wire/argument.h"
#include "wire/json.h"

#define TEXT_MAX 4096

/* What the gate answers itself; everything else has effects until told. */
static const char *const harmless[] = { "ping", "facts", "status" };

static const struct json_member members[] = {
	{ "name", JSON_STRING, true, 1, PROVIDER_MAX },
	{ "description", JSON_STRING, true, 0, TEXT_MAX },
	{ "side_effects", JSON_TRUE, false, 0, 0 },
	{ "args", JSON_OBJECT, false, 0, 0 },
	{ "summary", JSON_STRING, false, 0, TEXT_MAX },
	{ .name = NULL },
};

static bool
arguments_good(const json_t *rows)
{
	struct json_each each = { 0 };
	struct argument argument;

	while (json_each(rows, &each))
		if (argument_read(&argument, each.name, each.value) != NULL)
			return false;
	return true;
}

static void
start(struct description *d, const char *name)
{
	*d = (struct description){ .side_effects = true };
	strncpy(d->name, name, sizeof d->name - 1);
	for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
		if (strcmp(name, harmless[i]) == 0)
			d->side_effects = false;
}

bool
description_parse(struct description *out, const char *name, const char *file,
    const char *text, size_t len, char error[static CTL_ERROR_MAX])
{
	struct description d;
	enum status status;

	start(&d, name);
	status = json_strict((const uint8_t *)text, len, NULL, &d.root);
	if (status == STATUS_OK)
		status = json_check(d.root, members);
	if (status == STATUS_OK &&
	    (strcmp(json_get_text(d.root, "name", ""), name) != 0 ||
		!arguments_good(json_object_get(d.root, "args"))))
		status = STATUS_SCHEMA;
	if (status != STATUS_OK) {
		snprintf(error, CTL_ERROR_MAX,
		    "%.300s: no description of the provider %s (%s): install "
		    "it again",
		    file, name, status_name(status));
		json_decref(d.root);
		return false;
	}
	d.side_effects =
	    json_get_boolean(d.root, "side_effects", d.side_effects);
	*out = d;
	return true;
}

bool
description_load(
    struct description *out, const char *name, char error[static CTL_ERROR_MAX])
{
	char path[sizeof AMIRAL_LIBEXECDIR + PROVIDER_MAX + sizeof "/.json"];
	char *text;
	size_t len;
	bool good;
	int fd;

	snprintf(path, sizeof path, "%s/%s.json", AMIRAL_LIBEXECDIR, name);
	if (access(path, F_OK) != 0) {
		start(out, name);
		return true;
	}
	fd = file_open(path, FILE_TRUSTED, DESCRIPTION_MAX, error);
	if (fd == -1)
		return false;
	text = slurp(fd, DESCRIPTION_MAX, &len);
	close(fd);
	if (text == NULL) {
		snprintf(error, CTL_ERROR_MAX, "%s: cannot be read", path);
		return false;
	}
	good = description_parse(out, name, path, text, len, error);
	free(text);
	return good;
}

void
description_clear(struct description *d)
{
	json_decref(d->root);
	d->root = NULL;
}

const char *
description_summary(const struct description *d)
{
	return json_get_text(d->root, "summary", NULL);
}

void
description_help(const struct description *d, FILE *f)
{
	struct json_each each = { 0 };
	const json_t *args = json_object_get(d->root, "args");

	if (d->root == NULL) {
		fprintf(f,
		    "No description of %s on this machine: its arguments are "
		    "passed on as given,\nand it counts as having side "
		    "effects.\n",
		    d->name);
		return;
	}
	fprintf(f, "%s%s\n", json_get_text(d->root, "description", ""),
	    d->side_effects ? "\nHas side effects: needs TARGETS, or -a." : "");
	if (json_object_size(args) > 0)
		fputs("\nArguments\n", f);
	while (json_each(args, &each))
		fprintf(f, "  %-18s %-8s %s%s\n", each.name,
		    json_get_text(each.value, "type", ""),
		    json_get_text(each.value, "description", ""),
		    json_get_boolean(each.value, "required", false)
			? " (required)"
			: "");
}
