/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/request.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/frame/command.h"
#include "ledger/account/purse.h"
#include "ledger/base/amount.h"
#include "ledger/base/number.h"
#include "ledger/base/text.h"

enum { FORM = 1 };

static int copy(char *to, size_t size, const char *what, const char *text, struct sb_error *err)
{
	if (!*text || strlen(text) >= size || !text_ok(text))
		return sb_error_set(err, SB_EINVAL,
				    "the %s of a request must have 1 to %zu bytes of printable "
				    "text",
				    what, size - 1);
	(void)snprintf(to, size, "%s", text);
	return SB_OK;
}

static bool is_transfer(const struct request *request)
{
	return strcmp(request->command->name, "transfer") == 0;
}

/* Checks "100", and what else the verb takes in its place. */
static int check_amount(const struct request *request, struct sb_error *err)
{
	const char *text = request->args[2];
	size_t len = strlen(text);
	char purse[NAME_SIZE];
	struct unit unit;
	int64_t amount;

	TRY(purse_name(request->args[0], *request->resource ? request->resource : RESOURCE_BILLING,
		       purse, err));
	unit = purse_unit(purse);
	if (is_transfer(request))
		return strcmp(text, "all") == 0 ? SB_OK
						: amount_parse_in(text, &unit, &amount, err);
	if (strcmp(text, "none") == 0 ||
	    (len > 1 && text[len - 1] == '%' && number_slice(text, len - 1, 1, 100, &amount)))
		return SB_OK;
	return amount_parse_zero_in(text, &unit, &amount, err);
}

static int check(const struct request *request, struct sb_error *err)
{
	char name[NAME_SIZE];

	TRY(name_fold("account", request->args[0], name, err));
	TRY(name_fold(is_transfer(request) ? "account" : "user", request->args[1], name, err));
	return check_amount(request, err);
}

int request_set(struct request *ret, const char *const words[1 + REQUEST_ARGS],
		const char *resource, const char *note, struct sb_error *err)
{
	struct request request = {0};

	if (strcmp(words[0], "transfer") == 0 || strcmp(words[0], "share") == 0)
		request.command = command_find(words[0]);
	if (!request.command)
		return sb_error_set(err, SB_EINVAL,
				    "'%.64s' cannot be requested: requests are `transfer FROM TO "
				    "SU` and `share ACCOUNT USER SU`",
				    words[0]);
	for (size_t i = 0; i < REQUEST_ARGS; i++)
		TRY(copy(request.args[i], NAME_SIZE, "words", words[1 + i], err));
	if (resource)
		TRY(copy(request.resource, sizeof(request.resource), "resource", resource, err));
	if (note)
		TRY(copy(request.note, sizeof(request.note), "note", note, err));
	TRY(check(&request, err));
	*ret = request;
	return SB_OK;
}

json_t *request_encode(const struct request *request)
{
	json_t *object =
		json_pack("{si s[ssss]}", "subank", FORM, "request", request->command->name,
			  request->args[0], request->args[1], request->args[2]);

	if (object &&
	    ((*request->resource &&
	      json_object_set_new(object, "resource", json_string(request->resource))) ||
	     (*request->note && json_object_set_new(object, "note", json_string(request->note))))) {
		json_decref(object);
		object = NULL;
	}
	return object;
}

static int malformed(struct sb_error *err)
{
	return sb_error_set(err, SB_EINVAL,
			    "the file is not a request: make one with `subank request`");
}

static int decode(json_t *object, struct request *ret, struct sb_error *err)
{
	const char *words[1 + REQUEST_ARGS], *resource = NULL, *note = NULL;
	int form;

	/* '!' refuses other keys and longer lists. */
	if (json_unpack(object, "{si s[ssss!] s?s s?s !}", "subank", &form, "request", &words[0],
			&words[1], &words[2], &words[3], "resource", &resource, "note", &note) ||
	    form != FORM)
		return malformed(err);
	return request_set(ret, words, resource, note, err);
}

int request_decode(const char *bytes, size_t len, struct request *ret, struct sb_error *err)
{
	json_t *object = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
	int rc = object ? decode(object, ret, err) : malformed(err);

	json_decref(object);
	return rc;
}

const char *request_text(char to[REQUEST_TEXT_SIZE], const struct request *request)
{
	(void)snprintf(to, REQUEST_TEXT_SIZE, "%s %s %s %s%s%s", request->command->name,
		       request->args[0], request->args[1], request->args[2],
		       *request->resource ? " --resource " : "", request->resource);
	return to;
}

static bool begins_with_id(const char *name)
{
	return strspn(name, "0123456789abcdef") == REQUEST_ID_SIZE - 1;
}

bool request_is_id(const char *name)
{
	return begins_with_id(name) && !name[REQUEST_ID_SIZE - 1];
}

bool request_is_answer(const char *name)
{
	return begins_with_id(name) && strcmp(name + REQUEST_ID_SIZE - 1, ANSWER_SUFFIX) == 0;
}

static int check_file(const struct stat *st, uint32_t owner, struct sb_error *err)
{
	if (!S_ISREG(st->st_mode))
		return sb_error_set(err, SB_EREFUSED, "it is not a file");
	if (st->st_uid != owner)
		return sb_error_set(err, SB_EREFUSED, "the file belongs to user %ju",
				    (uintmax_t)st->st_uid);
	if (st->st_nlink > 1)
		return sb_error_set(err, SB_EREFUSED, "the file has another name elsewhere");
	if (st->st_size > REQUEST_FILE_MAX)
		return sb_error_set(err, SB_EREFUSED, "the file has more than %d bytes",
				    REQUEST_FILE_MAX);
	return SB_OK;
}

static int read_open(int fd, uint32_t owner, char to[REQUEST_FILE_MAX + 1], struct stat *ret,
		     struct sb_error *err)
{
	size_t len = 0;
	ssize_t more;

	if (fstat(fd, ret) != 0)
		return sb_error_set(err, SB_ESYSTEM, "cannot inspect it: %s", sb_errno(errno));
	TRY(check_file(ret, owner, err));
	do {
		more = read(fd, to + len, REQUEST_FILE_MAX - len);
		if (more > 0)
			len += (size_t)more;
	} while (more > 0 || (more < 0 && errno == EINTR));
	if (more < 0)
		return sb_error_set(err, SB_ESYSTEM, "cannot read it: %s", sb_errno(errno));
	to[len] = '\0';
	ret->st_size = (off_t)len;
	return SB_OK;
}

int request_file_read(int box, const char *name, uint32_t owner, char to[REQUEST_FILE_MAX + 1],
		      struct stat *ret, struct sb_error *err)
{
	int fd, rc;

	/* Opening a device can have an effect. */
	if (fstatat(box, name, ret, AT_SYMLINK_NOFOLLOW) == 0)
		TRY(check_file(ret, owner, err));
	fd = openat(box, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return sb_error_set(err, SB_ENOTFOUND, "it is gone");
	/* With a lease on the file (F_SETLEASE), opening it would wait. */
	if (fd < 0 && (errno == EACCES || errno == ELOOP || errno == ENXIO || errno == EAGAIN))
		return sb_error_set(err, SB_EREFUSED, "the file cannot be read: %s",
				    strerror(errno));
	if (fd < 0)
		return sb_error_set(err, SB_ESYSTEM, "cannot open it: %s", sb_errno(errno));
	rc = read_open(fd, owner, to, ret, err);
	close(fd);
	return rc;
}
