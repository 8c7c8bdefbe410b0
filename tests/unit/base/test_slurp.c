/* base/slurp: whole files, at the bounds, from wherever the offset is. */
#include "tests/unit/base/cmocka_base.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/slurp.h"

static int
file_of(size_t len)
{
	int fd = memfd_create("slurp", MFD_CLOEXEC);

	assert_true(fd >= 0);
	for (size_t i = 0; i < len; i++) {
		uint8_t byte = (uint8_t)(i * 7);

		assert_int_equal(pwrite(fd, &byte, 1, (off_t)i), 1);
	}
	return fd;
}

static void
check_bytes(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		assert_int_equal((uint8_t)bytes[i], (uint8_t)(i * 7));
}

static void
test_lengths(void **state)
{
	static const size_t lengths[] = { 0, 1, 4095, 4096, 4097, 8191, 8192,
		8193, 20000 };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t n = lengths[i], len = 77;
		int fd = file_of(n);
		char *bytes = slurp(fd, n, &len);

		assert_non_null(bytes);
		assert_int_equal(len, n);
		assert_int_equal(bytes[n], '\0');
		check_bytes(bytes, n);
		free(bytes);
		len = 77;
		if (n > 0) {
			errno = 0;
			assert_null(slurp(fd, n - 1, &len));
			assert_int_equal(errno, EFBIG);
			assert_int_equal(len, 77);
		}
		close(fd);
	}
}

static void
test_into(void **state)
{
	char bytes[101];
	int fd = file_of(100);

	(void)state;
	assert_int_equal(lseek(fd, 50, SEEK_SET), 50);
	memset(bytes, 0x55, sizeof(bytes));
	assert_int_equal(slurp_into(fd, bytes, 100), 100);
	check_bytes(bytes, 100);
	assert_int_equal(bytes[100], 0x55);
	assert_int_equal(slurp_into(fd, bytes, 101), 100);
	errno = 0;
	assert_int_equal(slurp_into(fd, bytes, 99), -1);
	assert_int_equal(errno, EFBIG);
	close(fd);
}

static void
test_read_errors(void **state)
{
	char bytes[8];
	size_t len = 77;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	errno = 0;
	assert_null(slurp(fds[0], 100, &len));
	assert_int_equal(errno, ESPIPE);
	assert_int_equal(len, 77);
	assert_int_equal(slurp_into(fds[0], bytes, sizeof(bytes)), -1);
	close(fds[0]);
	close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_into),
		cmocka_unit_test(test_read_errors),
	};

	return cmocka_run_group_tests_name("slurp", tests, NULL, NULL);
}
