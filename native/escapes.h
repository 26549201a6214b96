// SPDX-License-Identifier: Apache-2.0
// The encodings that leave most characters as they are: percent, JSON, shell. Each in the variants that common
// libraries write; most secrets come out of all of them unchanged.
#pragma once

#include "wiped.h"

namespace cloudtaser {

struct PercentStyle {
  // What is left as it is, beside letters and digits.
  const char* kept;
  bool plus_for_space;
  bool lower;
};

struct JsonStyle {
  // Written as \u00xx, beside what JSON itself forbids.
  const char* escaped;
  bool slash;  // as \/
  bool ascii;  // no byte above 127: \uxxxx
  bool upper;  // hexadecimal digits
};

enum class ShellStyle { kSingleBackslash, kSingleDouble, kDouble, kBackslash, kDollar };

// Of curl and RFC 3986; encodeURIComponent; Python's quote; encodeURI; forms in browsers; Go's QueryEscape and
// PathEscape; .NET; the first with small letters.
constexpr PercentStyle kPercentStyles[] = {
    {"-_.~", false, false},       {"-_.!~*'()", false, false},
    {"-_.~/", false, false},      {"-_.!~*'();/?:@&=+$,#", false, false},
    {"*-._", true, false},        {"-_.~", true, false},
    {"-_.~$&+:=@", false, false}, {"-_.!*()", true, true},
    {"-_.~", false, true},
};

// JavaScript; Python; Go; PHP; Gson; Jackson.
constexpr JsonStyle kJsonStyles[] = {
    {"", false, false, false}, {"", false, true, false},       {"<>&", false, false, false},
    {"", true, true, false},   {"<>&='", false, false, false}, {"", false, false, true},
};

constexpr ShellStyle kShellStyles[] = {ShellStyle::kSingleBackslash, ShellStyle::kSingleDouble, ShellStyle::kDouble,
                                       ShellStyle::kBackslash, ShellStyle::kDollar};

SecretBytes Percent(const uint8_t* secret, size_t size, const PercentStyle& style);
SecretBytes Json(const uint8_t* secret, size_t size, const JsonStyle& style);
SecretBytes Shell(const uint8_t* secret, size_t size, ShellStyle style);

}  // namespace cloudtaser
