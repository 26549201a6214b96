// SPDX-License-Identifier: Apache-2.0
// Percent, JSON and shell: see escapes.h.
#include "escapes.h"

#include <cstring>

namespace cloudtaser {

namespace {

bool IsAlnum(uint8_t c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

bool IsOneOf(uint8_t c, const char* set) { return c != 0 && strchr(set, c) != nullptr; }

void Append(SecretBytes& out, const char* text) { out.insert(out.end(), text, text + strlen(text)); }

char HexDigit(unsigned value, bool upper) { return (upper ? "0123456789ABCDEF" : "0123456789abcdef")[value & 15]; }

void AppendUnit(SecretBytes& out, unsigned unit, bool upper) {
  Append(out, "\\u");
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back(static_cast<uint8_t>(HexDigit(unit >> shift, upper)));
}

// The character that begins at `at`, and how many bytes it takes; 0 bytes if there is none in UTF-8.
size_t Decode(const uint8_t* text, size_t size, size_t at, uint32_t* character) {
  uint8_t lead = text[at];
  size_t length = lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (lead >= 0xf5 || length == 0 || at + length > size) return 0;
  uint32_t value = lead & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((text[at + i] & 0xc0) != 0x80) return 0;
    value = value << 6 | (text[at + i] & 0x3fu);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kLeast[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return 0;
  *character = value;
  return length;
}

// What is no UTF-8 becomes the lone surrogate that Python gives such a byte.
size_t AppendAscii(SecretBytes& out, const uint8_t* secret, size_t size, size_t at, bool upper) {
  uint32_t character = 0;
  size_t length = Decode(secret, size, at, &character);
  if (length == 0) {
    AppendUnit(out, 0xdc00u | secret[at], upper);
    return 1;
  }
  if (character >= 0x10000) {
    AppendUnit(out, 0xd800u + ((character - 0x10000) >> 10), upper);
    AppendUnit(out, 0xdc00u + ((character - 0x10000) & 0x3ff), upper);
  } else {
    AppendUnit(out, character, upper);
  }
  return length;
}

// The letter after the backslash for what C and JSON have one; 0 if they have none.
char ControlLetter(uint8_t c) {
  switch (c) {
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

// Inside $'...' of bash, as its printf %q writes it.
void AppendDollar(SecretBytes& out, uint8_t c) {
  char letter = c == 7 ? 'a' : c == 11 ? 'v' : c == 27 ? 'E' : ControlLetter(c);
  if (letter != 0 || c == '\'' || c == '\\') {
    out.push_back('\\');
    out.push_back(letter != 0 ? static_cast<uint8_t>(letter) : c);
  } else if (c < 32 || c >= 127) {
    out.push_back('\\');
    for (int shift = 6; shift >= 0; shift -= 3) out.push_back(static_cast<uint8_t>('0' + ((c >> shift) & 7)));
  } else {
    out.push_back(c);
  }
}

}  // namespace

SecretBytes Percent(const uint8_t* secret, size_t size, const PercentStyle& style) {
  SecretBytes out;
  out.reserve(3 * size);
  for (size_t i = 0; i < size; ++i) {
    uint8_t c = secret[i];
    if (IsAlnum(c) || IsOneOf(c, style.kept)) {
      out.push_back(c);
    } else if (c == ' ' && style.plus_for_space) {
      out.push_back('+');
    } else {
      out.push_back('%');
      out.push_back(static_cast<uint8_t>(HexDigit(c >> 4, !style.lower)));
      out.push_back(static_cast<uint8_t>(HexDigit(c, !style.lower)));
    }
  }
  return out;
}

SecretBytes Json(const uint8_t* secret, size_t size, const JsonStyle& style) {
  SecretBytes out;
  out.reserve(6 * size);
  for (size_t i = 0; i < size;) {
    uint8_t c = secret[i];
    if (c >= 0x80 && style.ascii) {
      i += AppendAscii(out, secret, size, i, style.upper);
      continue;
    }
    ++i;
    if (c == '"' || c == '\\' || (c == '/' && style.slash)) {
      out.push_back('\\');
      out.push_back(c);
    } else if (ControlLetter(c) != 0) {
      out.push_back('\\');
      out.push_back(static_cast<uint8_t>(ControlLetter(c)));
    } else if (c < 32 || IsOneOf(c, style.escaped)) {
      AppendUnit(out, c, style.upper);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

SecretBytes Shell(const uint8_t* secret, size_t size, ShellStyle style) {
  SecretBytes out;
  out.reserve(5 * size);
  for (size_t i = 0; i < size; ++i) {
    uint8_t c = secret[i];
    switch (style) {
      case ShellStyle::kSingleBackslash:
        if (c == '\'')
          Append(out, "'\\''");
        else
          out.push_back(c);
        break;
      case ShellStyle::kSingleDouble:
        if (c == '\'')
          Append(out, "'\"'\"'");
        else
          out.push_back(c);
        break;
      case ShellStyle::kDouble:
        if (IsOneOf(c, "$`\"\\")) out.push_back('\\');
        out.push_back(c);
        break;
      case ShellStyle::kBackslash:
        if (c < 127 && !IsAlnum(c) && !IsOneOf(c, "#%+-./:=@_~")) out.push_back('\\');
        out.push_back(c);
        break;
      case ShellStyle::kDollar:
        AppendDollar(out, c);
        break;
    }
  }
  return out;
}

}  // namespace cloudtaser
