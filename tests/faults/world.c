/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/faults/world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/faults/ground.h"

enum { SECTOR = 512, OUTSIDE = -1, SAID_MAX = 4096 };

/* ---- file systems in memory ---- */

struct name {
	char text[96];
	int node;
};

/* A file or a folder. */
struct node {
	bool folder;
	bool careless; /* its contents are ignored */
	unsigned char *data;
	size_t len, room;
	struct name *names;
	size_t count;
};

struct fs {
	struct node *nodes; /* 0 is the folder itself */
	int count;
};

static void *grown(void *list, size_t size)
{
	list = realloc(list, size ? size : 1);
	if (!list)
		give_up("no memory");
	return list;
}

static int add_node(struct fs *fs, bool folder)
{
	fs->nodes = grown(fs->nodes, (size_t)(fs->count + 1) * sizeof(*fs->nodes));
	fs->nodes[fs->count] = (struct node){.folder = folder};
	return fs->count++;
}

static void set_len(struct node *node, size_t len)
{
	if (len > node->room) {
		node->room = len + len / 2;
		node->data = grown(node->data, node->room);
	}
	if (len > node->len)
		memset(node->data + node->len, 0, len - node->len);
	node->len = len;
}

static struct name *find_name(const struct fs *fs, int folder, const char *text)
{
	const struct node *node = &fs->nodes[folder];

	for (size_t i = 0; i < node->count; i++) {
		if (strcmp(node->names[i].text, text) == 0)
			return &node->names[i];
	}
	return NULL;
}

static void set_name(struct fs *fs, int folder, const char *text, int node)
{
	struct name *name = find_name(fs, folder, text);
	struct node *in = &fs->nodes[folder];

	if (!name) {
		in->names = grown(in->names, (in->count + 1) * sizeof(*in->names));
		name = &in->names[in->count++];
		(void)snprintf(name->text, sizeof(name->text), "%s", text);
	}
	name->node = node;
}

static void remove_name(struct fs *fs, int folder, struct name *name)
{
	struct node *in = &fs->nodes[folder];

	*name = in->names[--in->count];
}

/* Makes [to] equal [from]. Both have the same nodes, but [to] may lack the last ones. */
static void copy_fs(struct fs *to, const struct fs *from)
{
	while (to->count < from->count)
		(void)add_node(to, from->nodes[to->count].folder);
	for (int i = 0; i < from->count; i++) {
		struct node *node = &to->nodes[i];
		const struct node *other = &from->nodes[i];

		node->careless = other->careless;
		node->len = 0;
		set_len(node, other->len);
		if (other->len)
			memcpy(node->data, other->data, other->len);
		node->count = other->count;
		node->names = grown(node->names, node->count * sizeof(*node->names));
		if (node->count)
			memcpy(node->names, other->names, node->count * sizeof(*node->names));
	}
}

static void free_fs(struct fs *fs)
{
	for (int i = 0; i < fs->count; i++) {
		free(fs->nodes[i].data);
		free(fs->nodes[i].names);
	}
	free(fs->nodes);
}

/* Applies an op on a name, if it can be applied: it may depend on a lost op. */
static void change_name(struct fs *fs, const struct op *op)
{
	struct name *from = op->type == OP_CREATE ? NULL : find_name(fs, op->in, op->name);
	struct name *to;
	int node;

	switch (op->type) {
	case OP_CREATE:
		set_name(fs, op->in, op->name, op->node);
		return;
	case OP_REMOVE:
		if (from)
			remove_name(fs, op->in, from);
		return;
	default:
		break;
	}
	to = find_name(fs, op->in, op->new_name);
	if (!from || (op->type == OP_EXCHANGE && !to) ||
	    (op->type == OP_RENAME && to && !op->replaces))
		return;
	node = from->node;
	if (op->type == OP_EXCHANGE) {
		from->node = to->node;
		to->node = node;
		return;
	}
	remove_name(fs, op->in, from);
	set_name(fs, op->in, op->new_name, node);
}

/* ---- recording ---- */

struct identity {
	dev_t dev;
	ino_t ino;
};

struct world {
	char folder[PATH_SIZE];
	struct fs start;
	struct identity *ids; /* of the nodes, in their order */
	int count; /* of nodes by now */
	bool *careless, *data; /* by node: whether it is a lock file, a data.mdb */
	struct op *ops;
	size_t op_count, op_room;
	struct {
		bool there; /* a file opened with O_CREAT existed before */
	} before;
};

static int node_of(const struct world *world, const struct stat *st)
{
	/* The newest first, since inode numbers are reused. */
	for (int i = world->count - 1; i >= 0; i--) {
		if (world->ids[i].ino == st->st_ino && world->ids[i].dev == st->st_dev)
			return i;
	}
	return OUTSIDE;
}

static int new_node(struct world *world, const char *path, const char *name)
{
	size_t len = strlen(name);
	struct stat st;

	if (lstat(path, &st) != 0)
		give_up("%s is gone", path);
	world->ids = grown(world->ids, (size_t)(world->count + 1) * sizeof(*world->ids));
	world->careless = grown(world->careless, (size_t)world->count + 1);
	world->data = grown(world->data, (size_t)world->count + 1);
	world->ids[world->count] = (struct identity){st.st_dev, st.st_ino};
	world->careless[world->count] =
		(len > 5 && strcmp(name + len - 5, ".lock") == 0) || strcmp(name, "lock.mdb") == 0;
	world->data[world->count] = strcmp(name, "data.mdb") == 0;
	return world->count++;
}

/* Reads the contents of a folder. */
static void scan(struct world *world, const char *path, int node)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char inner[PATH_SIZE];

	if (!dir)
		give_up("%s cannot be read", path);
	while ((entry = readdir(dir))) {
		struct stat st;
		int child;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name) >= PATH_SIZE ||
		    lstat(inner, &st) != 0)
			give_up("%s cannot be read", inner);
		child = new_node(world, inner, entry->d_name);
		(void)add_node(&world->start, S_ISDIR(st.st_mode));
		world->start.nodes[child].careless = world->careless[child];
		set_name(&world->start, node, entry->d_name, child);
		if (S_ISDIR(st.st_mode)) {
			scan(world, inner, child);
		} else {
			size_t len;
			char *data = file_read(inner, &len);

			set_len(&world->start.nodes[child], len);
			if (len)
				memcpy(world->start.nodes[child].data, data, len);
			free(data);
		}
	}
	(void)closedir(dir);
}

struct world *world_new(const char *folder)
{
	struct world *world = calloc(1, sizeof(*world));

	if (!world || !realpath(folder, world->folder))
		give_up("%s cannot be recorded", folder);
	(void)new_node(world, world->folder, "");
	(void)add_node(&world->start, true);
	scan(world, world->folder, 0);
	return world;
}

void world_free(struct world *world)
{
	for (size_t i = 0; i < world->op_count; i++)
		free(world->ops[i].data);
	free(world->ops);
	free(world->ids);
	free(world->careless);
	free(world->data);
	free_fs(&world->start);
	free(world);
}

static struct op *add_op(struct world *world, enum op_type type)
{
	if (world->op_count == world->op_room) {
		world->op_room = world->op_room ? 2 * world->op_room : 256;
		world->ops = grown(world->ops, world->op_room * sizeof(*world->ops));
	}
	world->ops[world->op_count] = (struct op){.type = type};
	return &world->ops[world->op_count++];
}

/* Converts a path of the program to one of ours. */
static void path_of(pid_t thread, int dirfd, uint64_t text, char to[PATH_SIZE])
{
	char given[PATH_SIZE / 2];

	trace_read_text(thread, text, given, sizeof(given));
	if (given[0] == '/')
		(void)snprintf(to, PATH_SIZE, "%s", given);
	else if (dirfd == AT_FDCWD)
		(void)snprintf(to, PATH_SIZE, "/proc/%d/cwd/%s", thread, given);
	else
		(void)snprintf(to, PATH_SIZE, "/proc/%d/fd/%d/%s", thread, dirfd, given);
}

/* Splits [path] into the folder and the last name. */
static int folder_of(const struct world *world, const char *path, char name[96])
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_SIZE];
	struct stat st;

	(void)snprintf(folder, sizeof(folder), "%.*s/.", (int)(slash - path), path);
	if (stat(folder, &st) != 0)
		return OUTSIDE;
	if (snprintf(name, 96, "%s", slash + 1) >= 96)
		give_up("the name is too long: %s", path);
	return node_of(world, &st);
}

static int node_of_fd(const struct world *world, pid_t thread, uint64_t fd)
{
	char path[64];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", thread, (int)fd);
	return stat(path, &st) == 0 ? node_of(world, &st) : OUTSIDE;
}

/* Reads a line of /proc/PID/fdinfo/FD. */
static unsigned long fd_info(pid_t thread, uint64_t fd, const char *key, int base)
{
	char path[64], line[128];
	unsigned long value = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", thread, (int)fd);
	file = fopen(path, "re");
	if (!file)
		give_up("%s cannot be read", path);
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, strlen(key)) == 0)
			value = strtoul(line + strlen(key), NULL, base);
	}
	(void)fclose(file);
	return value;
}

static void record_write(struct world *world, pid_t thread, uint64_t fd, const struct iovec *parts,
			 size_t count, int64_t done, uint64_t offset)
{
	int node = node_of_fd(world, thread, fd);
	size_t left = (size_t)done, at = 0;
	struct op *op;

	if (node == OUTSIDE && fd != STDOUT_FILENO)
		return;
	op = add_op(world, node == OUTSIDE ? OP_SAID : OP_WRITE);
	op->node = node;
	op->offset = offset;
	op->len = left;
	op->data = grown(NULL, left + 1);
	op->data[left] = '\0';
	for (size_t i = 0; i < count && left; i++) {
		size_t len = parts[i].iov_len < left ? parts[i].iov_len : left;

		trace_read(thread, (uintptr_t)parts[i].iov_base, op->data + at, len);
		at += len;
		left -= len;
	}
	if (node == OUTSIDE)
		return;
	op->dsync = fd_info(thread, fd, "flags:", 8) & O_DSYNC;
	op->meta = world->data[node] && offset < 2 * 4096;
}

static void record_plain_write(struct world *world, const struct trace_call *call, bool at)
{
	struct iovec part = {.iov_base = (void *)(uintptr_t)call->arguments[1],
			     .iov_len = call->arguments[2]};
	uint64_t fd = call->arguments[0];

	record_write(world, call->thread, fd, &part, 1, call->result,
		     at ? call->arguments[3]
			: fd_info(call->thread, fd, "pos:", 10) - (uint64_t)call->result);
}

static void record_writev(struct world *world, const struct trace_call *call, bool at)
{
	struct iovec parts[IOV_MAX];
	uint64_t fd = call->arguments[0];
	size_t count = call->arguments[2];

	if (count > IOV_MAX)
		return;
	trace_read(call->thread, call->arguments[1], parts, count * sizeof(*parts));
	record_write(world, call->thread, fd, parts, count, call->result,
		     at ? call->arguments[3]
			: fd_info(call->thread, fd, "pos:", 10) - (uint64_t)call->result);
}

static void record_name(struct world *world, const struct trace_call *call, enum op_type type,
			int dirfd, uint64_t text, bool folder)
{
	char path[PATH_SIZE], name[96];
	struct op *op;
	int in;

	path_of(call->thread, dirfd, text, path);
	in = folder_of(world, path, name);
	if (in == OUTSIDE)
		return;
	op = add_op(world, type);
	op->in = in;
	op->folder = folder;
	memcpy(op->name, name, sizeof(name));
	if (type == OP_CREATE)
		op->node = new_node(world, path, name);
}

static void record_rename(struct world *world, const struct trace_call *call, int from_fd,
			  uint64_t from, int to_fd, uint64_t to, unsigned flags)
{
	char path[PATH_SIZE], name[96], new_name[96];
	struct op *op;
	int in, into;

	path_of(call->thread, from_fd, from, path);
	in = folder_of(world, path, name);
	path_of(call->thread, to_fd, to, path);
	into = folder_of(world, path, new_name);
	if (in == OUTSIDE && into == OUTSIDE)
		return;
	/* A rename between two folders may lose both names. */
	if (in != into)
		give_up("a move from one folder into another is not recorded yet: %s", path);
	op = add_op(world, flags & RENAME_EXCHANGE ? OP_EXCHANGE : OP_RENAME);
	op->replaces = !(flags & RENAME_NOREPLACE);
	op->in = in;
	memcpy(op->name, name, sizeof(name));
	memcpy(op->new_name, new_name, sizeof(new_name));
}

static void record_open(struct world *world, const struct trace_call *call, int dirfd,
			uint64_t text, uint64_t flags)
{
	int node;

	if (flags & O_CREAT && !world->before.there) {
		record_name(world, call, OP_CREATE, dirfd, text, false);
		return;
	}
	if (!(flags & O_TRUNC))
		return;
	node = node_of_fd(world, call->thread, (uint64_t)call->result);
	if (node != OUTSIDE)
		add_op(world, OP_TRUNCATE)->node = node;
}

static void record_sync(struct world *world, const struct trace_call *call)
{
	int node = node_of_fd(world, call->thread, call->arguments[0]);

	if (node != OUTSIDE)
		add_op(world, OP_SYNC)->node = node;
}

static void record_truncate(struct world *world, const struct trace_call *call, uint64_t len)
{
	int node = node_of_fd(world, call->thread, call->arguments[0]);
	struct op *op;

	if (node == OUTSIDE)
		return;
	op = add_op(world, OP_TRUNCATE);
	op->node = node;
	op->offset = len;
}

/* Lengthens a lock file. */
static void record_fallocate(struct world *world, const struct trace_call *call)
{
	int node = node_of_fd(world, call->thread, call->arguments[0]);

	if (node != OUTSIDE && !world->careless[node])
		give_up("fallocate() is not recorded yet");
	record_truncate(world, call, call->arguments[2] + call->arguments[3]);
}

static void record_before(struct world *world, const struct trace_call *call, int dirfd,
			  uint64_t text, uint64_t flags)
{
	char path[PATH_SIZE];
	struct stat st;

	if (!(flags & O_CREAT))
		return;
	path_of(call->thread, dirfd, text, path);
	world->before.there = lstat(path, &st) == 0;
}

static enum trace_do begins(struct trace_call *call, void *ctx)
{
	const uint64_t *arguments = call->arguments;

	switch (call->number) {
#ifdef SYS_open
	case SYS_open:
		record_before(ctx, call, AT_FDCWD, arguments[0], arguments[1]);
		break;
#endif
	case SYS_openat:
		record_before(ctx, call, (int)arguments[0], arguments[1], arguments[2]);
		break;
	default:
		break;
	}
	return TRACE_GO;
}

static void ended(const struct trace_call *call, void *ctx)
{
	const uint64_t *arguments = call->arguments;
	struct world *world = ctx;

	if (call->result < 0)
		return;
	switch (call->number) {
#ifdef SYS_open
	case SYS_open:
		record_open(world, call, AT_FDCWD, arguments[0], arguments[1]);
		break;
#endif
	case SYS_openat:
		record_open(world, call, (int)arguments[0], arguments[1], arguments[2]);
		break;
	case SYS_write:
		record_plain_write(world, call, false);
		break;
	case SYS_pwrite64:
		record_plain_write(world, call, true);
		break;
	case SYS_writev:
		record_writev(world, call, false);
		break;
	case SYS_pwritev:
		record_writev(world, call, true);
		break;
	case SYS_fsync:
	case SYS_fdatasync:
		record_sync(world, call);
		break;
	case SYS_ftruncate:
		record_truncate(world, call, call->arguments[1]);
		break;
	case SYS_fallocate:
		record_fallocate(world, call);
		break;
#ifdef SYS_mkdir
	case SYS_mkdir:
		record_name(world, call, OP_CREATE, AT_FDCWD, arguments[0], true);
		break;
	case SYS_rmdir:
	case SYS_unlink:
		record_name(world, call, OP_REMOVE, AT_FDCWD, arguments[0], false);
		break;
	case SYS_rename:
		record_rename(world, call, AT_FDCWD, arguments[0], AT_FDCWD, arguments[1], 0);
		break;
#endif
	case SYS_mkdirat:
		record_name(world, call, OP_CREATE, (int)arguments[0], arguments[1], true);
		break;
	case SYS_unlinkat:
		record_name(world, call, OP_REMOVE, (int)arguments[0], arguments[1], false);
		break;
#ifdef SYS_renameat
	case SYS_renameat:
		record_rename(world, call, (int)arguments[0], arguments[1], (int)arguments[2],
			      arguments[3], 0);
		break;
#endif
	case SYS_renameat2:
		record_rename(world, call, (int)arguments[0], arguments[1], (int)arguments[2],
			      arguments[3], (unsigned)arguments[4]);
		break;
#ifdef SYS_link
	case SYS_link:
	case SYS_symlink:
	case SYS_truncate:
#endif
	case SYS_linkat:
	case SYS_symlinkat:
	case SYS_pwritev2:
	case SYS_copy_file_range:
	case SYS_sendfile:
	case SYS_splice:
		give_up("system call %d is not recorded yet", (int)call->number);
	default:
		break;
	}
}

int world_run(struct world *world, char *const argv[], const char *preload)
{
	struct trace trace = {
		.argv = argv,
		.preload = preload,
		.in = open("/dev/null", O_RDONLY | O_CLOEXEC),
		.out = open("out", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644),
		.err = open("err", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644),
		.begins = begins,
		.ended = ended,
		.ctx = world,
	};
	int status;

	if (trace.in < 0 || trace.out < 0 || trace.err < 0)
		give_up("the streams cannot be opened");
	status = trace_run(&trace);
	(void)close(trace.in);
	(void)close(trace.out);
	(void)close(trace.err);
	add_op(world, OP_ENDED)->status = status;
	return status;
}

size_t world_ops(const struct world *world)
{
	return world->op_count;
}

const struct op *world_op(const struct world *world, size_t index)
{
	return &world->ops[index];
}

/* ---- playing back ---- */

/* A part of an op that reaches the disk independently of others. */
struct piece {
	const struct op *op;
	size_t from, len; /* write: of its data */
};

struct replay {
	const struct world *world;
	size_t next; /* op */
	const struct op *flushing; /* a write with O_DSYNC: durable before the next op */
	struct fs disk, image;
	struct piece *pending;
	size_t count, room;
};

struct replay *replay_new(const struct world *world)
{
	struct replay *replay = calloc(1, sizeof(*replay));

	if (!replay)
		give_up("no memory");
	replay->world = world;
	copy_fs(&replay->disk, &world->start);
	return replay;
}

void replay_free(struct replay *replay)
{
	free_fs(&replay->disk);
	free_fs(&replay->image);
	free(replay->pending);
	free(replay);
}

static void apply(struct fs *fs, const struct piece *unit)
{
	const struct op *op = unit->op;
	struct node *node;
	uint64_t at;

	switch (op->type) {
	case OP_WRITE:
		node = &fs->nodes[op->node];
		at = op->offset + unit->from;
		if (node->len < at + unit->len)
			set_len(node, at + unit->len);
		memcpy(node->data + at, op->data + unit->from, unit->len);
		break;
	case OP_TRUNCATE:
		set_len(&fs->nodes[op->node], op->offset);
		break;
	default:
		change_name(fs, op);
		break;
	}
}

static void wait_for_disk(struct replay *replay, struct piece unit)
{
	if (replay->count == replay->room) {
		replay->room = replay->room ? 2 * replay->room : 256;
		replay->pending = grown(replay->pending, replay->room * sizeof(*replay->pending));
	}
	replay->pending[replay->count++] = unit;
}

static uint64_t sector_of(const struct op *op, size_t at)
{
	return (op->offset + at) / SECTOR;
}

/* [sync] is a sync, or a write with O_DSYNC. */
static bool on_disk_with(const struct piece *unit, const struct op *sync)
{
	const struct op *op = unit->op;

	switch (op->type) {
	case OP_WRITE:
		return op->node == sync->node &&
		       (sync->type == OP_SYNC ||
			(sector_of(op, unit->from) <= sector_of(sync, sync->len - 1) &&
			 sector_of(op, unit->from + unit->len - 1) >= sector_of(sync, 0)));
	case OP_TRUNCATE:
		return sync->type == OP_SYNC && op->node == sync->node;
	default:
		return sync->type == OP_SYNC && op->in == sync->node;
	}
}

/* Makes the changes durable that [sync] covers. */
static void sync_disk(struct replay *replay, const struct op *sync)
{
	size_t kept = 0;

	for (size_t i = 0; i < replay->count; i++) {
		if (on_disk_with(&replay->pending[i], sync))
			apply(&replay->disk, &replay->pending[i]);
		else
			replay->pending[kept++] = replay->pending[i];
	}
	replay->count = kept;
}

static void cut_in_sectors(struct replay *replay, const struct op *op)
{
	for (size_t from = 0; from < op->len;) {
		size_t len = SECTOR - (op->offset + from) % SECTOR;

		if (len > op->len - from)
			len = op->len - from;
		wait_for_disk(replay, (struct piece){.op = op, .from = from, .len = len});
		from += len;
	}
}

void replay_step(struct replay *replay)
{
	const struct op *op = world_op(replay->world, replay->next++);
	bool careless = (op->type == OP_WRITE || op->type == OP_TRUNCATE) &&
			replay->world->careless[op->node];

	if (replay->flushing)
		sync_disk(replay, replay->flushing);
	replay->flushing = NULL;
	if (op->type == OP_CREATE) {
		int node = add_node(&replay->disk, op->folder);

		/* Nodes are in the order of their creation. */
		if (node != op->node)
			give_up("nodes %d and %d", node, op->node);
		replay->disk.nodes[node].careless = replay->world->careless[node];
	}
	if (careless) {
		apply(&replay->disk, &(struct piece){.op = op, .len = op->len});
		return;
	}
	switch (op->type) {
	case OP_SYNC:
		sync_disk(replay, op);
		break;
	case OP_WRITE:
		cut_in_sectors(replay, op);
		replay->flushing = op->dsync && op->len ? op : NULL;
		break;
	case OP_SAID:
	case OP_ENDED:
		break;
	default:
		wait_for_disk(replay, (struct piece){.op = op});
		break;
	}
}

size_t replay_pending(const struct replay *replay)
{
	return replay->count;
}

static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *bytes = data;
	uint64_t word;

	for (; len >= 8; len -= 8, bytes += 8) {
		memcpy(&word, bytes, 8);
		hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
		hash ^= hash >> 29;
	}
	for (; len; len--, bytes++)
		hash = (hash ^ *bytes) * 1099511628211u;
	return hash;
}

static uint64_t hash_folder(const struct fs *fs, int folder)
{
	const struct node *node = &fs->nodes[folder];
	uint64_t hash = 0;

	for (size_t i = 0; i < node->count; i++) {
		const struct name *name = &node->names[i];
		const struct node *inner = &fs->nodes[name->node];
		uint64_t one = mix(14695981039346656037u, name->text, strlen(name->text));

		if (inner->folder)
			one = (one ^ hash_folder(fs, name->node)) * 1099511628211u;
		else if (!inner->careless)
			one = mix(one ^ inner->len, inner->data, inner->len);
		hash += one; /* names have no order */
	}
	return hash;
}

uint64_t replay_image(struct replay *replay, const bool *chosen)
{
	copy_fs(&replay->image, &replay->disk);
	for (size_t i = 0; i < replay->count; i++) {
		if (chosen[i])
			apply(&replay->image, &replay->pending[i]);
	}
	return hash_folder(&replay->image, 0);
}

static void write_folder(const struct fs *fs, int folder, const char *path)
{
	const struct node *node = &fs->nodes[folder];
	char inner[PATH_SIZE];

	if (mkdir(path, 0750) != 0)
		give_up("%s cannot be made", path);
	for (size_t i = 0; i < node->count; i++) {
		const struct node *child = &fs->nodes[node->names[i].node];

		if (snprintf(inner, sizeof(inner), "%s/%s", path, node->names[i].text) >= PATH_SIZE)
			give_up("the name of %s is too long", inner);
		if (child->folder)
			write_folder(fs, node->names[i].node, inner);
		else
			file_write(inner, child->data, child->len);
	}
}

void replay_write(struct replay *replay, const char *folder)
{
	write_folder(&replay->image, 0, folder);
}
