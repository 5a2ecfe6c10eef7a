/** Who may speak to the pods, and to whom they may speak. Nothing here enforces it; the cluster does. */

import { one } from "./objects.ts";
import { everywhere, hold, unless } from "./policy.ts";

hold(
  "the network stays closed but for the edge, Prometheus, name look-ups and public HTTPS",
  everywhere((objects) => {
    const { spec } = one(objects, "NetworkPolicy");
    const blocks = (spec.egress ?? []).flatMap((rule) =>
      (rule.to ?? []).flatMap(({ ipBlock }) =>
        ipBlock ? [{ ...ipBlock, ports: rule.ports }] : [],
      ),
    );
    const v4 = blocks.find(({ cidr }) => cidr === "0.0.0.0/0");
    const v6 = blocks.find(({ cidr }) => cidr === "::/0");
    return unless({
      "both directions are closed": Bun.deepEquals(spec.policyTypes, ["Ingress", "Egress"]),
      "nobody at all is let in from anywhere": (spec.ingress ?? []).every(
        (rule) => (rule.from?.length ?? 0) > 0,
      ),
      "every way out names whom it leads to": (spec.egress ?? []).every(
        (rule) => (rule.to?.length ?? 0) > 0,
      ),
      "private and link-local addresses are left out": [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "100.64.0.0/10",
      ].every((range) => v4?.except?.includes(range)),
      "and those of IPv6": ["fc00::/7", "fe80::/10"].every((range) => v6?.except?.includes(range)),
      "public addresses by HTTPS alone": blocks.every(
        ({ ports }) => ports?.length === 1 && ports[0]?.port === 443,
      ),
    });
  }),
  {
    "the way out is not closed": ({ overlays }) => {
      one(overlays.dev, "NetworkPolicy").spec.policyTypes = ["Ingress"];
    },
    "anybody is let in": ({ overlays }) => {
      delete one(overlays.production, "NetworkPolicy").spec.ingress![0]!.from;
    },
    "the metadata address can be reached": ({ overlays }) => {
      one(overlays.production, "NetworkPolicy").spec.egress![1]!.to![0]!.ipBlock!.except!.pop();
    },
    "another port leads out": ({ overlays }) => {
      one(overlays.staging, "NetworkPolicy").spec.egress![1]!.ports!.push({ port: 25 });
    },
  },
);
