"""
What could be tried against amiral, by whom, and what shows that it fails: a
test (file::name under tests/), or "SECURITY.md#" and the heading that says
why it is not defended against. Kept complete by tests/lint/proof.py.
"""
G, N = "unit/agent/gate/", "unit/agent/net/"
NOT = "SECURITY.md#"
REFUSED, ONCE = "system/test_refused.py::", "system/test_once.py::"
REPLIES, FILE = "system/test_replies.py::", "unit/base/test_file.c::"
EXECUTOR = "unit/privsep/test_executor.c::"
ENROLL, TRUST = "system/test_enroll.py::", "system/test_trust.py::"

ROWS = {
    1: ("forged request", REFUSED + "test_unknown_key",
        REFUSED + "test_unsigned_json",
        "attack/test_links.py::test_net_forges_requests"),
    2: ("changed request", "system/test_bits.py::test_every_bit"),
    3: ("repeated request", ONCE + "test_replayed_a_hundred_times"),
    4: ("repeated after a restart", ONCE + "test_replay_after_a_crash",
        G + "test_hostile.py::test_issued_before_the_start"),
    5: ("repeated after it was forgotten", REFUSED + "test_expired",
        G + "test_admit.c::test_floor_and_start"),
    6: ("another signature of the same", G + "test_hostile.py::"
        "test_other_lines_same_payload",
        "unit/wire/verify/test_envelope.c::malleable_is_refused"),
    7: ("held back until it is stale", REFUSED + "test_expired"),
    8: ("two requests exchanged", NOT + "The order of requests"),
    9: ("kept from some hosts", REPLIES
        + "test_keeps_a_request_from_one_host"),
    10: ("brought to another host", REFUSED + "test_not_for_this_host"),
    11: ("answers kept back", REPLIES + "test_drops_one_hosts_answers"),
    12: ("forged answer", REPLIES + "test_forged_with_a_strangers_key"),
    13: ("old answer to a new request", REPLIES
         + "test_answer_to_another_request"),
    14: ("one kind of message as another", REFUSED + "test_other_namespace",
         REFUSED + "test_other_namespace_hidden",
         REPLIES + "test_request_passed_off_as_reply"),
    15: ("a host answers as another", REPLIES
         + "test_forged_with_another_hosts_key"),
    16: ("a host as operator", REFUSED + "test_a_hosts_key_is_no_operators"),
    17: ("one key on two hosts", NOT + "A copied host"),
    18: ("stolen operator's key", REFUSED + "test_key_out_of_time",
         "system/test_reload.py::test_new_operator",
         TRUST + "test_a_push_revokes_a_running_agents_operator",
         TRUST + "test_an_own_revocation_needs_one_reload",
         "unit/wire/verify/test_layout.c::blob_wants_a_touch"),
    19: ("operator without the right", REFUSED + "test_operator_without_policy",
         REFUSED + "test_provider_that_no_policy_names",
         "unit/agent/gate/test_policy.c::test_matrix",
         "system/test_two_people.py::test_one_is_refused"),
    20: ("old key, old date", REFUSED + "test_key_out_of_time"),
    21: ("net runs other code", "attack/test_probes.py::"
         "test_every_forbidden_call_kills"),
    22: ("net passes on what nobody signed", "attack/test_links.py::"
         "test_net_forges_requests"),
    23: ("net repeats", "attack/test_links.py::"
         "test_net_replays_over_the_link"),
    24: ("net asks for a signature", "attack/test_links.py::"
         "test_net_breaks_a_rule",
         "unit/privsep/test_link.c::every_type_that_is_none"),
    25: ("net floods the gate", "attack/test_floods.py::test_flood",
         "attack/test_floods.py::test_unverifiable_messages_are_read_slowly",
         "attack/test_floods.py::test_net_has_half_a_processor_of_the_gate"),
    26: ("net passes descriptors", "attack/test_links.py::"
         "test_net_breaks_a_rule", G + "test_serving.py::"
         "test_descriptors_from_net"),
    27: ("net reads the others' memory", "attack/test_probes.py::"
         "test_the_user_alone_reaches_nobody",
         "system/test_processes.py::test_memory_is_not_readable_by_its_user"),
    28: ("net inherits descriptors", "system/test_processes.py::"
         "test_few_descriptors",
         N + "test_agent.py::test_holds_its_links_and_connections_only"),
    29: ("symbolic link for a key", FILE + "test_links"),
    30: ("key that others can read", FILE + "test_modes", FILE + "test_owner"),
    31: ("directory that others can write", FILE
         + "test_directories_on_the_way"),
    32: ("exchange between look and read", FILE + "test_race"),
    33: ("FIFO for a key", FILE + "test_not_a_file"),
    34: ("hard link to a key", FILE + "test_links"),
    35: ("huge or empty file", FILE + "test_size"),
    36: ("prepared temporary files", FILE + "test_create_where_others_write",
         "unit/keys/test_keygen.py::test_never_through_a_link"),
    37: ("local control socket", NOT + "There is no control socket"),
    38: ("hostile environment", "system/test_cli.py::"
         "test_environment_of_a_provider", EXECUTOR + "provider_starts_clean"),
    39: ("terminal escapes", "unit/base/test_escape.c::test_table",
         "unit/ctl/test_render.c::test_evil_output"),
    40: ("lines in another host's name", REPLIES
         + "test_output_cannot_forge_a_host"),
    41: ("forged log lines", "unit/base/test_log.c::test_relay",
         EXECUTOR + "audit_is_written"),
    42: ("bytes that are no text", G + "test_serving.py::test_bytes_output"),
    43: ("endless output", G + "test_serving.py::test_truncated"),
    44: ("provider leaves processes", EXECUTOR + "job_dies_whole",
         EXECUTOR + "job_dies_alone",
         "unit/privsep/test_mark.c::test_disguised"),
    45: ("provider leaves its pipe open", G + "test_serving.py::"
         "test_a_grandchild_keeps_the_pipe"),
    46: ("fork bomb", "attack/test_provider.py::test_fork_bomb",
         NOT + "A provider that forks without end"),
    47: ("provider inherits descriptors", EXECUTOR + "provider_starts_clean"),
    48: ("provider signals amirald", "attack/test_provider.py::"
         "test_provider_cannot_signal_amirald"),
    49: ("delivered twice", ONCE + "test_replayed_a_hundred_times"),
    50: ("clocks apart", REFUSED + "test_from_the_future"),
    51: ("clock set back", NOT + "A clock that is set back"),
    52: ("flood of messages", "system/test_load.py::test_ten_thousand_pings",
         N + "test_agent.py::test_a_flood_is_read_slowly"),
    53: ("huge message", "system/test_faults.py::test_hostile_redis",
         REFUSED + "test_far_too_long"),
    54: ("huge array", "system/test_faults.py::test_hostile_redis"),
    55: ("slow drip", N + "test_hostile.py::"
         "test_silence_and_drip_have_deadlines"),
    56: ("all reconnect at once", "unit/privsep/test_backoff.c::"
         "test_hosts_are_apart",
         "system/test_storm.py::test_redis_restarts"),
    57: ("older formats and other keys", REFUSED + "test_bad_members",
         "unit/wire/verify/test_layout.c::blob_members"),
    58: ("a member twice", REFUSED + "test_real_numbers_and_duplicates"),
    59: ("NUL in a string", "unit/wire/test_json.c::test_refused"),
    60: ("deep nesting", "unit/wire/test_json.c::test_depth"),
    61: ("odd numbers", "unit/wire/test_json.c::test_reals"),
    62: ("ill-formed JSON", "unit/wire/test_json.c::test_suite"),
    63: ("unknown and missing members",
         "unit/wire/test_request.c::test_members"),
    64: ("colliding names", "unit/wire/test_json.c::test_many_members"),
    65: ("patterns among the known hosts",
         "unit/keys/test_known_hosts.c::refuses"),
    66: ("odd host names", "unit/base/test_name.c::test_host"),
    67: ("two keys for a host",
         "unit/ctl/test_hellos.c::test_rotation",
         "system/test_rotate.py::test_a_rotation_from_end_to_end"),
    68: ("revoked, listed elsewhere",
         "unit/keys/test_known_hosts.c::revocation_wins",
         TRUST + "test_a_later_list_takes_no_revocation_back",
         TRUST + "test_pull_loses_no_revocation"),
    69: ("old list of operators",
         TRUST + "test_an_old_list_is_an_alarm",
         ENROLL + "test_broker_hands_out_an_old_list",
         ENROLL + "test_redis_offers_a_new_agent_an_older_list",
         NOT + "Old lists of operators"),
    70: ("stranger at enrollment",
         ENROLL + "test_broker_swaps_the_key",
         ENROLL + "test_broker_replays", ENROLL + "test_broker_drops",
         ENROLL + "test_broker_answers_in_the_operators_place",
         ENROLL + "test_somebody_else_answers_first",
         ENROLL + "test_accept_by_fingerprint",
         NOT + "The first exchange of keys"),
    71: ("half-written key", FILE + "test_create", FILE + "test_full_disk",
         ENROLL + "test_new_killed_anywhere",
         "unit/keys/test_keygen.py::test_never_overwrites"),
    72: ("secret in a core, a log, other memory",
         "attack/test_memory.py::test_no_secret_key_elsewhere",
         "attack/test_memory.py::test_no_core_file"),
    73: ("signed without being shown",
         "unit/ctl/test_confirm.c::test_announcement"),
    74: ("reading along", "unit/wire/test_reply.c::test_sealed",
         NOT + "What Redis can read"),
    75: ("soft binaries", "attack/test_hardening.py::test_hardening_check"),
    76: ("edited audit trail", NOT + "The audit trail"),
    77: ("request that crashes the gate", "attack/test_poison.py::"
         "test_not_parsed_twice", "attack/test_poison.py::"
         "test_each_crashes_once",
         NOT + "A request that crashes the gate"),
    78: ("net wastes the processor", "attack/test_floods.py::"
         "test_net_has_half_a_processor", NOT + "The gate's own time"),
    79: ("an operator's net runs other code", "attack/test_controller.py::"
         "test_reaches_nothing_of_the_operators",
         "attack/test_controller.py::test_every_forbidden_call_kills",
         "attack/test_memory.py::test_no_secret_key_in_the_controllers_net"),
    80: ("gate has a list stored that nobody signed",
         "attack/test_links.py::test_gate_stores_what_nobody_signed",
         NOT + "What a taken-over gate leaves behind"),
    81: ("gate does not answer a reload",
         "attack/test_links.py::test_gate_does_not_answer_a_reload"),
    82: ("gate hoards amirald's descriptors",
         "attack/test_table.py::test_pipes_are_not_hoarded"),
}
