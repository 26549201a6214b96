// SPDX-License-Identifier: Apache-2.0
// Records of any length out of the ring: each of the one length is in the batch as it was, all others are counted and not
// read, and no more are taken than asked for.
#include "../../native/batch.h"

#include <cstring>
#include <memory>
#include <vector>

#include "check.h"

using namespace cloudtaser;

namespace
{

// Of exactly that length, so that a byte behind it is one too many.
struct Record {
	size_t size;
	std::unique_ptr<uint8_t[]> bytes;
};

// Two bytes tell the length of each, and whether it is to be near that of the batch.
std::vector<Record> RecordsOf(const uint8_t *data, size_t size, size_t usual)
{
	std::vector<Record> records;
	for (size_t at = 0; at + 2 <= size;) {
		size_t length = data[at] | (data[at + 1] & 15) << 8;
		if (data[at + 1] & 128)
			length = usual * (data[at + 1] >> 4 & 3) + data[at] % 3;
		at += 2;
		Record one = { length, std::make_unique<uint8_t[]>(length) };
		for (size_t i = 0; i < length; ++i)
			one.bytes[i] = static_cast<uint8_t>(i + at);
		records.push_back(std::move(one));
	}
	return records;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 4)
		return 0;
	Batch batch;
	batch.record_size = 1u + (data[0] | (data[1] & 3) << 8);
	const size_t limit = 1u + data[2] % 64;
	const std::vector<Record> records = RecordsOf(data + 3, size - 3, batch.record_size);
	for (size_t next = 0; next < records.size();) {
		batch.Restart(limit);
		CHECK(batch.taken() == 0 && batch.records.empty());
		std::vector<uint8_t> expected;
		size_t count = 0, others = 0;
		bool room = true;
		while (room && next < records.size()) {
			const Record &one = records[next++];
			room = batch.Take(one.bytes.get(), one.size);
			if (one.size == batch.record_size) {
				expected.insert(expected.end(), one.bytes.get(), one.bytes.get() + one.size);
				++count;
			} else {
				++others;
			}
			CHECK(room == (count + others < limit));
		}
		CHECK(batch.count == count && batch.malformed == others && batch.taken() <= limit);
		CHECK(batch.records == expected);
	}
	return 0;
}
