/*
 * disk.h - files as an argument: what storage code may do to a disk.
 *
 * Storage modules get a struct disk and never call the system themselves, so
 * a test can hand them one that loses unsynced writes, tears a write at a
 * 512-byte sector or fails the k-th call. disk_posix.h is the real one. Names
 * are relative to the disk's root ("chain/000001.seg"). Failures are negative
 * errno. One thread per disk, the storage thread.
 *
 * A failed sync is final: what the kernel then still holds in memory may or
 * may not be on the disk, and asking again would say it is. The disk refuses
 * every later change with -EIO; the process has to start again.
 */
#ifndef QML_CONSENSUS_CHAIN_DISK_H
#define QML_CONSENSUS_CHAIN_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_SECTOR 512 /* written whole or not at all */
#define DISK_PAGE 4096  /* what we align to */
#define DISK_NAME_MAX 128

enum disk_mode {
	DISK_READ,   /* must exist */
	DISK_WRITE,  /* must exist; read and write */
	DISK_CREATE, /* must not exist: -EEXIST; read and write */
};

struct disk;

/* An open file; an implementation embeds it. */
struct disk_file {
	struct disk *disk;
};

/* Called with each plain file of a directory. Non-zero stops the walk. */
typedef int disk_list_fn(void *arg, const char *name);

/* What an implementation supplies; users call the disk_ functions below. */
struct disk_ops {
	int (*open)(struct disk *d, const char *name, enum disk_mode mode,
	    struct disk_file **out);
	void (*close)(struct disk_file *f);
	/* May return less than len; 0 at the end of the file. */
	int64_t (
	    *read)(struct disk_file *f, void *buf, size_t len, uint64_t offset);
	int64_t (*write)(struct disk_file *f, const void *buf, size_t len,
	    uint64_t offset);
	/* Make the file at least size bytes long, new ones zero and with
	 * their space taken; -ENOSPC. */
	int (*reserve)(struct disk_file *f, uint64_t size);
	int (*size)(struct disk_file *f, uint64_t *out);
	int (*sync)(struct disk_file *f); /* data and size */
	int (*sync_dir)(struct disk *d, const char *dir);
	int (*make_dir)(struct disk *d, const char *dir); /* 0 if it exists */
	int (*unlink)(struct disk *d, const char *name);
	int (*list)(struct disk *d, const char *dir, disk_list_fn *fn,
	    void *arg);
};

struct disk {
	const struct disk_ops *ops;
	bool dead; /* a sync failed */
};

int disk_open(struct disk *d, const char *name, enum disk_mode mode,
    struct disk_file **out) __attribute__((warn_unused_result));
void disk_close(struct disk_file *f); /* NULL is fine */
/* Exactly len bytes; -ENODATA when the file ends before. */
int disk_read(struct disk_file *f, void *buf, size_t len, uint64_t offset)
    __attribute__((warn_unused_result));
int disk_write(struct disk_file *f, const void *buf, size_t len,
    uint64_t offset) __attribute__((warn_unused_result));
int disk_reserve(struct disk_file *f, uint64_t size)
    __attribute__((warn_unused_result));
int disk_size(struct disk_file *f, uint64_t *out)
    __attribute__((warn_unused_result));
int disk_sync(struct disk_file *f) __attribute__((warn_unused_result));
/* dir "" is the root. */
int disk_sync_dir(struct disk *d, const char *dir)
    __attribute__((warn_unused_result));
int disk_make_dir(struct disk *d, const char *dir)
    __attribute__((warn_unused_result));
int disk_unlink(struct disk *d, const char *name)
    __attribute__((warn_unused_result));
int disk_list(struct disk *d, const char *dir, disk_list_fn *fn, void *arg)
    __attribute__((warn_unused_result));

#endif
