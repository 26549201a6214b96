// SPDX-License-Identifier: Apache-2.0
/*
 * Loads a kernel to boot into, and takes it out again without having booted it. The image is a page of nothing behind
 * a header that the loader believes.
 */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096
/* Somewhere in the machine's memory, which begins elsewhere on arm64 boards. */
#ifdef __aarch64__
#define DESTINATION 0x50000000
#define KEXEC_ARCH  KEXEC_ARCH_AARCH64
#else
#define DESTINATION 0x1000000
#define KEXEC_ARCH  KEXEC_ARCH_X86_64
#endif
#define SETUP_BYTES (5 * 512) /* boot sector and four sectors of set-up code */

struct segment32 {
	uint32_t buffer, buffer_size, destination, destination_size;
};

static void conclude(struct outcome *out, int error)
{
	char loaded = '0';
	int fd = open("/sys/kernel/kexec_loaded", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, &loaded, 1) != 1)
		cannot_try("/sys/kernel/kexec_loaded cannot be read");
	close(fd);
	if (error == ENOSYS)
		cannot_try("this kernel has no such call");
	if (loaded != '1') {
		refused(out, error ? error : ENOEXEC);
		return;
	}
	succeeded(out, "a kernel was loaded", 19);
	/* Not every kernel has the first; nothing to load takes out what is there. */
	if (syscall(SYS_kexec_file_load, -1, -1, 0, NULL, KEXEC_FILE_UNLOAD) &&
	    syscall(SYS_kexec_load, 0, 0, NULL, KEXEC_ARCH))
		cannot_try("the image was loaded but could not be taken out again");
}

/* The errno of whoever was let in and then handed over nothing that could be booted. */
static void conclude_live(struct outcome *out, int error, int let_in)
{
	if (error == ENOSYS)
		cannot_try("this kernel has no such call");
	if (error == let_in)
		succeeded(out, "the loader looked at it", 23);
	else
		refused(out, error);
}

static void load_segments(const struct aim *aim, const struct road *road, struct outcome *out)
{
	unsigned char *page = low_memory(2 * PAGE);
	struct kexec_segment segment = { page, PAGE, (void *)DESTINATION, PAGE };
	struct segment32 *small = (void *)(page + PAGE);
	/* More segments than the kernel takes, which it finds after it has asked. None at all would unload what is
	 * there. */
	unsigned long count = aim->live ? KEXEC_SEGMENT_MAX + 1 : 1;
	long result;

	*small = (struct segment32){ (uint32_t)(uintptr_t)page, PAGE, DESTINATION, PAGE };
	if (road->compat)
		result = compat_syscall(283, DESTINATION, count, (unsigned long)small, KEXEC_ARCH, 0);
	else
		result = syscall(SYS_kexec_load, DESTINATION, count, &segment, KEXEC_ARCH) ? -errno : 0;
	if (aim->live) {
		conclude_live(out, (int)-result, EINVAL);
		return;
	}
	errno = EFAULT;
	if (road->compat && result == -EFAULT)
		cannot_try("this kernel cannot copy the list of segments for a 32-bit call of a 64-bit program");
	conclude(out, (int)-result);
}

/* The fields of the boot protocol (Documentation/x86/boot) that the loader checks. */
static void forge_image(unsigned char *image)
{
	uint16_t version = 0x020f, flags = 0x3f;
	uint32_t align = 0x200000, commands = 255, size = PAGE;

	image[0x1f1] = 4;
	memcpy(image + 0x1fe, "\x55\xaa\xeb\x66HdrS", 8);
	memcpy(image + 0x206, &version, 2);
	image[0x211] = 1; /* loaded high */
	memcpy(image + 0x230, &align, 4);
	image[0x234] = 1; /* relocatable */
	memcpy(image + 0x236, &flags, 2);
	memcpy(image + 0x238, &commands, 4);
	memcpy(image + 0x260, &size, 4);
}

static void load_file(const struct aim *aim, const struct road *road, struct outcome *out)
{
	static unsigned char image[SETUP_BYTES + PAGE];
	int fd = memfd_create("kernel", MFD_CLOEXEC);
	int error;

	(void)road;
	/* Live: zeros, which no loader takes. */
	if (!aim->live)
		forge_image(image);
	if (fd < 0 || write(fd, image, sizeof(image)) != (ssize_t)sizeof(image))
		cannot_try("no image");
	error = syscall(SYS_kexec_file_load, fd, -1, 1UL, "", KEXEC_FILE_NO_INITRAMFS) ? errno : 0;
	close(fd);
	if (aim->live)
		conclude_live(out, error, ENOEXEC);
	else
		conclude(out, error);
}

static const struct road roads[] = {
	{ .name = "kexec_load", .live = 1, .attempt = load_segments },
	{ .name = "kexec_load_compat", .live = 1, .attempt = load_segments, .compat = 1 },
	{ .name = "kexec_file_load", .live = 1, .attempt = load_file },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "kexec", roads, COUNT(roads));
}
