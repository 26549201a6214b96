// SPDX-License-Identifier: Apache-2.0
/*
 * Gets a module (--file, or a file system by --name) into the kernel, by every way in, and takes it out again.
 * Give a harmless module of the running kernel that nothing uses. With --live, what is no module is handed over.
 */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COMPRESSED_FILE 4 /* MODULE_INIT_COMPRESSED_FILE, since 5.17 */

static int is_loaded(const char *module)
{
	char line[512];
	size_t length = strlen(module);
	int found = 0;
	FILE *modules = fopen("/proc/modules", "re");

	if (!modules)
		cannot_try("/proc/modules cannot be read");
	while (!found && fgets(line, sizeof(line), modules))
		found = !strncmp(line, module, length) && line[length] == ' ';
	fclose(modules);
	return found;
}

/* "/x/nf-dummy.ko.xz" is the module nf_dummy. */
static const char *module_of(const char *file)
{
	static char name[64];
	const char *base;

	errno = EINVAL;
	if (!file)
		cannot_try("--file is needed");
	base = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(base, "."), base);
	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '_';
	errno = EEXIST;
	if (is_loaded(name))
		cannot_try("that module is loaded already");
	return name;
}

static void conclude(struct outcome *out, const char *module, int error)
{
	char text[128];

	if (!is_loaded(module)) {
		refused(out, error ? error : ENOEXEC);
		return;
	}
	snprintf(text, sizeof(text), "module %s was in the kernel", module);
	succeeded(out, text, strlen(text));
	if (syscall(SYS_delete_module, module, O_NONBLOCK))
		cannot_try("the module was loaded but could not be taken out again");
}

/* This program is no module: whoever is let in hears that from the loader. */
static void load_no_module(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int error;

	(void)aim;
	if (fd < 0)
		cannot_try("this program cannot be read");
	if (road->number == COMPRESSED_FILE && access("/sys/module/compression", F_OK))
		cannot_try("this kernel does not unpack modules itself");
	error = syscall(SYS_finit_module, fd, "", road->number) ? errno : 0;
	close(fd);
	if (error == ENOEXEC || (road->number && error == EINVAL))
		succeeded(out, "the loader read the file", 24);
	else
		refused(out, error);
}

/* As long as the head of an ELF file: what is shorter is turned away before anybody is asked. */
static void load_empty_buffer(const struct road *road, struct outcome *out)
{
	char *image = low_memory(4096);
	long result;

	if (road->number)
		result = compat_syscall(road->number, (unsigned long)image, 64, (unsigned long)image + 64, 0, 0);
	else
		result = syscall(SYS_init_module, image, 64, "") ? -errno : 0;
	if (result == -ENOEXEC)
		succeeded(out, "the loader read the image", 25);
	else
		refused(out, (int)-result);
}

static void load_file(const struct aim *aim, const struct road *road, struct outcome *out)
{
	const char *module;
	int error, fd;

	if (aim->live) {
		load_no_module(aim, road, out);
		return;
	}
	module = module_of(aim->file);
	fd = open(aim->file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		cannot_try("--file cannot be opened");
	error = syscall(SYS_finit_module, fd, "", road->number) ? errno : 0;
	close(fd);
	if (road->number && (error == EOPNOTSUPP || error == EINVAL))
		cannot_try("this kernel does not unpack modules itself");
	conclude(out, module, error);
}

static void load_buffer(const struct aim *aim, const struct road *road, struct outcome *out)
{
	const char *module;
	struct stat status;
	char *image;
	long result;
	int fd;

	if (aim->live) {
		load_empty_buffer(road, out);
		return;
	}
	module = module_of(aim->file);
	fd = open(aim->file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status))
		cannot_try("--file cannot be opened");
	/* The 32-bit road needs low memory; the other does not mind. */
	image = low_memory((size_t)status.st_size + 1);
	if (read(fd, image, (size_t)status.st_size) != status.st_size)
		cannot_try("--file cannot be read");
	close(fd);
	if (road->number)
		result = compat_syscall(road->number, (unsigned long)image, (unsigned long)status.st_size,
					(unsigned long)image + (unsigned long)status.st_size, 0, 0);
	else
		result = syscall(SYS_init_module, image, status.st_size, "") ? -errno : 0;
	conclude(out, module, (int)-result);
}

/* Mounting an unknown file system makes the kernel ask for fs-NAME; a refused request shows as plain ENODEV. */
static void make_kernel_request(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int error;

	(void)road;
	if (aim->live) {
		/* No such file system: ENODEV, whether the request was refused or found nothing. */
		error = mount("none", "/", "ctselftest", MS_RDONLY, NULL) ? errno : 0;
		if (error == ENODEV)
			succeeded(out, "the kernel asked for a module", 29);
		else
			refused(out, error);
		return;
	}
	errno = EINVAL;
	if (!aim->name)
		cannot_try("--name is needed: a file system that is a module of this kernel");
	errno = EEXIST;
	if (is_loaded(aim->name))
		cannot_try("that module is loaded already");
	error = mount("none", "/mnt", aim->name, MS_RDONLY, NULL) ? errno : 0;
	if (!error)
		umount("/mnt");
	conclude(out, aim->name, error);
}

/* Whoever writes this path chooses the program that the kernel runs as root. The old value is written back. */
static void write_modprobe_path(const struct aim *aim, const struct road *road, struct outcome *out)
{
	static const char file[] = "/proc/sys/kernel/modprobe";
	char value[256];
	ssize_t length;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	(void)road;
	length = fd < 0 ? -1 : read(fd, value, sizeof(value));
	if (length <= 0)
		cannot_try("kernel.modprobe cannot be read");
	close(fd);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || (!aim->live && write(fd, value, (size_t)length) != length))
		refused(out, errno);
	else
		succeeded(out, value, (size_t)length - 1);
	if (fd >= 0)
		close(fd);
}

static const struct road roads[] = {
	{ .name = "finit_module", .live = 1, .attempt = load_file },
	{ .name = "finit_module_compressed", .live = 1, .attempt = load_file, .number = COMPRESSED_FILE },
	{ .name = "init_module", .live = 1, .attempt = load_buffer },
	{ .name = "init_module_compat", .live = 1, .attempt = load_buffer, .number = 128 },
	{ .name = "request", .live = 1, .silent = 1, .attempt = make_kernel_request },
	{ .name = "modprobe_path", .live = 1, .attempt = write_modprobe_path },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "module_load", roads, COUNT(roads));
}
