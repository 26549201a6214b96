// SPDX-License-Identifier: Apache-2.0
// Percent, JSON and shell escapes of any bytes: whoever reads them back as their grammar says has the same bytes again.
#include "../../native/escapes.h"

#include <cstring>
#include <string>

#include "check.h"

using namespace cloudtaser;

namespace
{

int HexValue(uint8_t c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c == 0 ? nullptr : strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);
	return at == nullptr ? -1 : static_cast<int>(at - digits);
}

unsigned HexNumber(const SecretBytes &text, size_t at, size_t digits)
{
	unsigned value = 0;
	for (size_t i = 0; i < digits; ++i) {
		CHECK(at + i < text.size() && HexValue(text[at + i]) >= 0);
		value = value << 4 | static_cast<unsigned>(HexValue(text[at + i]));
	}
	return value;
}

std::string FromPercent(const SecretBytes &text, bool plus)
{
	std::string out;
	for (size_t i = 0; i < text.size(); ++i) {
		if (text[i] == '%') {
			out.push_back(static_cast<char>(HexNumber(text, i + 1, 2)));
			i += 2;
		} else {
			out.push_back(plus && text[i] == '+' ? ' ' : static_cast<char>(text[i]));
		}
	}
	return out;
}

void AppendUtf8(std::string &out, unsigned c)
{
	if (c < 0x80) {
		out.push_back(static_cast<char>(c));
		return;
	}
	int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	out.push_back(static_cast<char>((0xff00 >> (more + 1) & 0xff) | c >> (6 * more)));
	for (int i = more - 1; i >= 0; --i)
		out.push_back(static_cast<char>(0x80 | (c >> (6 * i) & 0x3f)));
}

// A lone low surrogate from U+DC80 on is the byte that was no UTF-8.
std::string FromJson(const SecretBytes &text)
{
	std::string out;
	for (size_t i = 0; i < text.size(); ++i) {
		uint8_t c = text[i];
		CHECK(c >= 32 && c != '"');
		if (c != '\\') {
			out.push_back(static_cast<char>(c));
			continue;
		}
		CHECK(++i < text.size());
		const char *letters = "bfnrt";
		const char *letter = text[i] == 0 ? nullptr : strchr(letters, text[i]);
		if (letter != nullptr) {
			out.push_back("\b\f\n\r\t"[letter - letters]);
		} else if (text[i] != 'u') {
			CHECK(text[i] == '"' || text[i] == '\\' || text[i] == '/');
			out.push_back(static_cast<char>(text[i]));
		} else {
			unsigned unit = HexNumber(text, i + 1, 4);
			i += 4;
			if (unit >= 0xdc80 && unit < 0xdd00) {
				out.push_back(static_cast<char>(unit - 0xdc00));
			} else if (unit >= 0xd800 && unit < 0xdc00) {
				CHECK(i + 2 < text.size() && text[i + 1] == '\\' && text[i + 2] == 'u');
				unsigned low = HexNumber(text, i + 3, 4);
				CHECK(low >= 0xdc00 && low < 0xe000);
				AppendUtf8(out, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
				i += 6;
			} else {
				CHECK(unit < 0xd800 || unit >= 0xe000);
				AppendUtf8(out, unit);
			}
		}
	}
	return out;
}

std::string Replaced(std::string text, const std::string &from, const std::string &to)
{
	for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
		text.replace(at, from.size(), to);
	return text;
}

std::string FromDollar(const SecretBytes &text)
{
	std::string out;
	for (size_t i = 0; i < text.size(); ++i) {
		CHECK(text[i] >= 32 && text[i] < 127 && text[i] != '\'');
		if (text[i] != '\\') {
			out.push_back(static_cast<char>(text[i]));
			continue;
		}
		CHECK(++i < text.size());
		const char *letters = "abtnvfrE";
		const char *letter = strchr(letters, text[i]);
		if (letter != nullptr) {
			out.push_back("\a\b\t\n\v\f\r\033"[letter - letters]);
		} else if (text[i] == '\\' || text[i] == '\'') {
			out.push_back(static_cast<char>(text[i]));
			// A quote is escaped here and nowhere else.
		} else {
			CHECK(i + 2 < text.size());
			unsigned value = 0;
			for (size_t digit = 0; digit < 3; ++digit) {
				CHECK(text[i + digit] >= '0' && text[i + digit] <= '7');
				value = value << 3 | static_cast<unsigned>(text[i + digit] - '0');
			}
			out.push_back(static_cast<char>(value));
			i += 2;
		}
	}
	return out;
}

std::string FromBackslashes(const SecretBytes &text)
{
	std::string out;
	for (size_t i = 0; i < text.size(); ++i) {
		if (text[i] == '\\')
			CHECK(++i < text.size());
		out.push_back(static_cast<char>(text[i]));
	}
	return out;
}

std::string FromShell(const SecretBytes &text, ShellStyle style)
{
	std::string as_text(text.begin(), text.end());
	switch (style) {
	case ShellStyle::kSingleBackslash: return Replaced(as_text, "'\\''", "'");
	case ShellStyle::kSingleDouble: return Replaced(as_text, "'\"'\"'", "'");
	case ShellStyle::kDollar: return FromDollar(text);
	case ShellStyle::kDouble:
	case ShellStyle::kBackslash: return FromBackslashes(text);
	}
	abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const std::string secret(reinterpret_cast<const char *>(data), size);
	for (const PercentStyle &style : kPercentStyles) {
		CHECK(FromPercent(Percent(data, size, style), style.plus_for_space) == secret);
	}
	for (const JsonStyle &style : kJsonStyles) {
		SecretBytes text = Json(data, size, style);
		CHECK(FromJson(text) == secret);
		if (style.ascii) {
			for (uint8_t c : text)
				CHECK(c < 0x80);
		}
	}
	for (ShellStyle style : kShellStyles)
		CHECK(FromShell(Shell(data, size, style), style) == secret);
	return 0;
}
