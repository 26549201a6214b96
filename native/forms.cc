// SPDX-License-Identifier: Apache-2.0
// Which forms a secret has: see forms.h.
#include "forms.h"

#include <linux/types.h>

#include "../bpf/abi_leak.h"
#include "escapes.h"

namespace cloudtaser {

namespace {

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kBase64Url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Line lengths of PEM and of MIME (base64 of coreutils).
constexpr size_t kLines[] = {64, 76};

// The characters that are the same whatever stands around the secret, `before` (0 to 2) bytes into a group of three.
SecretBytes Base64(const uint8_t* secret, size_t size, size_t before, const char* alphabet) {
  SecretBytes out;
  out.reserve(size / 3 * 4 + 4);
  // Character n holds the bits from 6 n on; those of the secret begin at bit 8 before.
  for (size_t bit = (8 * before + 5) / 6 * 6; bit + 6 <= 8 * (before + size); bit += 6) {
    size_t at = bit - 8 * before;
    unsigned two = static_cast<unsigned>(secret[at / 8]) << 8 | (at / 8 + 1 < size ? secret[at / 8 + 1] : 0u);
    out.push_back(static_cast<uint8_t>(alphabet[two >> (10 - at % 8) & 63]));
  }
  return out;
}

SecretBytes Lines(const SecretBytes& text, size_t length) {
  SecretBytes out;
  out.reserve(text.size() + text.size() / length);
  for (size_t i = 0; i < text.size(); ++i) {
    if (i > 0 && i % length == 0) out.push_back('\n');
    out.push_back(text[i]);
  }
  return out;
}

SecretBytes Hex(const uint8_t* secret, size_t size, const char* digits) {
  SecretBytes out;
  out.reserve(2 * size);
  for (size_t i = 0; i < size; ++i) {
    out.push_back(static_cast<uint8_t>(digits[secret[i] >> 4]));
    out.push_back(static_cast<uint8_t>(digits[secret[i] & 15]));
  }
  return out;
}

class Forms {
 public:
  void Add(SecretBytes bytes, uint32_t encoding) {
    size_t count = (bytes.size() + CT_LEAK_FORM_MAX - 1) / CT_LEAK_FORM_MAX;
    if (count <= 1) return AddPiece(std::move(bytes), encoding);
    if (count > kMaxPieces) count = kMaxPieces;
    for (size_t i = 0; i < count; ++i) {
      // The last one ends where the form ends, so two may overlap.
      const uint8_t* from = bytes.data() + (bytes.size() - CT_LEAK_FORM_MAX) * i / (count - 1);
      AddPiece(SecretBytes(from, from + CT_LEAK_FORM_MAX), encoding);
    }
  }

  std::vector<SecretForm> Take() { return std::move(forms_); }

 private:
  void AddPiece(SecretBytes bytes, uint32_t encoding) {
    if (bytes.size() < CT_LEAK_FORM_MIN) return;
    for (const SecretForm& known : forms_) {
      if (known.bytes == bytes) return;
    }
    forms_.push_back({std::move(bytes), encoding});
  }

  std::vector<SecretForm> forms_;
};

}  // namespace

std::vector<SecretForm> FormsOf(const uint8_t* secret, size_t size) {
  Forms forms;
  forms.Add(SecretBytes(secret, secret + size), CT_LEAK_ENCODING_PLAIN);
  for (size_t before = 0; before < 3; ++before) {
    forms.Add(Base64(secret, size, before, kBase64), CT_LEAK_ENCODING_BASE64);
    forms.Add(Base64(secret, size, before, kBase64Url), CT_LEAK_ENCODING_BASE64URL);
  }
  for (size_t length : kLines) {
    forms.Add(Lines(Base64(secret, size, 0, kBase64), length), CT_LEAK_ENCODING_BASE64);
  }
  forms.Add(Hex(secret, size, "0123456789abcdef"), CT_LEAK_ENCODING_HEX);
  forms.Add(Hex(secret, size, "0123456789ABCDEF"), CT_LEAK_ENCODING_HEX_UPPER);
  for (const PercentStyle& style : kPercentStyles) forms.Add(Percent(secret, size, style), CT_LEAK_ENCODING_PERCENT);
  for (const JsonStyle& style : kJsonStyles) forms.Add(Json(secret, size, style), CT_LEAK_ENCODING_JSON);
  for (ShellStyle style : kShellStyles) forms.Add(Shell(secret, size, style), CT_LEAK_ENCODING_SHELL);
  return forms.Take();
}

}  // namespace cloudtaser
