/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Never loaded: one variable of each ABI type, so that its BTF lies in one object for the generator to read. */
#include "vmlinux.h"
#include "abi.h"

enum ct_vector abi_vector;
enum ct_door abi_door;
enum ct_mode abi_mode;
enum ct_outcome abi_outcome;
enum ct_event_flag abi_event_flag;
enum ct_role abi_role;
enum ct_module_road abi_module_road;
enum ct_machine_road abi_machine_road;
enum ct_signal_road abi_signal_road;
enum ct_limit_road abi_limit_road;
enum ct_starve_road abi_starve_road;
enum ct_tamper_road abi_tamper_road;
enum ct_pin_road abi_pin_road;
enum ct_preload_variable abi_preload_variable;
enum ct_pinned abi_pinned;
enum ct_leak_beyond abi_leak_beyond;
enum ct_leak_unscanned abi_leak_unscanned;
enum ct_leak_encoding abi_leak_encoding;
enum ct_leak_reason abi_leak_reason;
enum ct_leak_place abi_leak_place;
enum ct_leak_sink abi_leak_sink;
enum ct_loss abi_loss;
enum ct_census_op abi_census_op;
enum ct_allow_kind abi_allow_kind;
struct ct_event abi_event;
struct ct_policy_head abi_policy_head;
struct ct_policy abi_policy;
struct ct_group_key abi_group_key;
struct ct_group_policy abi_group_policy;
struct ct_settings abi_settings;
struct ct_authority abi_authority;
struct ct_repeat_key abi_repeat_key;
struct ct_repeat abi_repeat;
struct ct_allow_key abi_allow_key;
struct ct_allow abi_allow;
struct ct_device_key abi_device_key;
struct ct_agent abi_agent;
struct ct_pinned_key abi_pinned_key;
struct ct_scope abi_scope;
struct ct_leak_head abi_leak_head;
struct ct_leak_anchor_key abi_leak_anchor_key;
struct ct_leak_anchor abi_leak_anchor;
struct ct_leak_secret abi_leak_secret;
struct ct_leak_sink_key abi_leak_sink_key;
struct ct_leak_file_key abi_leak_file_key;
struct ct_cgroup abi_cgroup;
struct ct_share abi_share;
struct ct_namespace abi_namespace;
struct ct_census_request abi_census_request;
struct ct_census_record abi_census_record;

_Static_assert(sizeof(struct ct_identity) == 64, "no hidden padding");
_Static_assert(sizeof(struct ct_event) == 248, "no hidden padding");
_Static_assert(sizeof(struct ct_agent) == 72, "no hidden padding");
_Static_assert(sizeof(struct ct_census_request) == 80, "no hidden padding");
_Static_assert(sizeof(struct ct_leak_head) == 48, "no hidden padding");
_Static_assert(sizeof(struct ct_leak_sink_key) == 28, "no hidden padding");
