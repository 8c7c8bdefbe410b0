/* Filters, built and loaded: linked into every process that enters one. */
#include "privsep/sandbox.h"

#include <errno.h>
#include <malloc.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "privsep/sandbox_rules.h"

static const struct sandbox_policy *const policies[SANDBOX_KINDS] = {
	[SANDBOX_NET] = &sandbox_policy_net,
	[SANDBOX_GATE] = &sandbox_policy_gate,
	[SANDBOX_EXECUTOR] = &sandbox_policy_executor,
	[SANDBOX_SERVICE] = &sandbox_policy_service,
	[SANDBOX_SERVICE_NETWORK] = &sandbox_policy_service_network,
	[SANDBOX_STRICT] = &sandbox_policy_strict,
	[SANDBOX_STRICT_NETWORK] = &sandbox_policy_strict_network,
};

/* Developers may see what would be refused, and go on. */
static uint32_t
action_of(uint32_t action)
{
	if (AMIRAL_SANDBOX_LOG && action != SCMP_ACT_ALLOW)
		return SCMP_ACT_LOG;
	return action;
}

/* libseccomp's results are 0 or a negative errno. */
static int
add_rule(scmp_filter_ctx ctx, uint32_t action, const struct sandbox_rule *rule)
{
	struct scmp_arg_cmp self = ARG_IS(0, (scmp_datum_t)getpid());

	if (rule->self)
		return seccomp_rule_add_array(
		    ctx, action, rule->number, 1, &self);
	return seccomp_rule_add_array(
	    ctx, action, rule->number, rule->arg_count, rule->args);
}

static int
add_topics(scmp_filter_ctx ctx, const struct sandbox_policy *policy)
{
	int r;

	for (size_t i = 0; i < policy->count; i++) {
		const struct sandbox_topic *topic = &policy->topics[i];
		uint32_t action = action_of(topic->action);

		for (size_t k = 0; k < topic->count; k++)
			if ((r = add_rule(ctx, action, &topic->rules[k])) < 0)
				return r;
	}
	return 0;
}

/* A deny-list that did not speak for the sister would kill her programs. */
static int
add_sister(scmp_filter_ctx ctx)
{
	switch (seccomp_arch_native()) {
	case SCMP_ARCH_X86_64:
		return seccomp_arch_add(ctx, SCMP_ARCH_X86);
	case SCMP_ARCH_AARCH64:
		return seccomp_arch_add(ctx, SCMP_ARCH_ARM);
	default:
		return 0;
	}
}

static int
fill(scmp_filter_ctx ctx, const struct sandbox_policy *policy)
{
	uint32_t foreign = action_of(SCMP_ACT_KILL_PROCESS);
	int r;

	if ((r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, foreign)) < 0 ||
	    (r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0)) < 0 ||
	    (r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2)) < 0)
		return r;
	if (policy->compat && (r = add_sister(ctx)) < 0)
		return r;
	return add_topics(ctx, policy);
}

scmp_filter_ctx
sandbox_build(enum sandbox kind)
{
	const struct sandbox_policy *policy = policies[kind];
	scmp_filter_ctx ctx;
	int r;

	if ((ctx = seccomp_init(action_of(policy->otherwise))) == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	if ((r = fill(ctx, policy)) < 0) {
		seccomp_release(ctx);
		errno = -r;
		return NULL;
	}
	return ctx;
}

bool
sandbox_enter(enum sandbox kind)
{
	scmp_filter_ctx ctx;
	int r;

	if (AMIRAL_SANDBOX_OFF)
		return true;
	tzset(); /* or the first gmtime(3) would open a file */
	if ((ctx = sandbox_build(kind)) == NULL)
		return false;
	r = seccomp_load(ctx);
	/* Building takes some 100 KiB that will not be needed again. */
	seccomp_release(ctx);
	malloc_trim(0);
	errno = -r;
	return r == 0;
}
