/** Objects of a rendered tree by their kind. */

import type {
  AppProject,
  Application,
  BackendTrafficPolicy,
  ConfigMap,
  Container,
  Deployment,
  ExternalSecret,
  HTTPRoute,
  HorizontalPodAutoscaler,
  Ingress,
  KubeObject,
  NetworkPolicy,
  PodDisruptionBudget,
  PodMonitor,
  Service,
} from "./kinds.ts";

interface Kinds {
  Deployment: Deployment;
  Service: Service;
  PodDisruptionBudget: PodDisruptionBudget;
  HorizontalPodAutoscaler: HorizontalPodAutoscaler;
  NetworkPolicy: NetworkPolicy;
  PodMonitor: PodMonitor;
  HTTPRoute: HTTPRoute;
  Ingress: Ingress;
  BackendTrafficPolicy: BackendTrafficPolicy;
  ExternalSecret: ExternalSecret;
  ConfigMap: ConfigMap;
  AppProject: AppProject;
  Application: Application;
  Namespace: KubeObject;
}

/** Every object of a kind. */
export function all<K extends keyof Kinds>(objects: readonly KubeObject[], kind: K): Kinds[K][] {
  return objects.filter((object) => object.kind === kind) as Kinds[K][];
}

/** The only object of a kind; a tree without exactly one fails the test that asked. */
export function one<K extends keyof Kinds>(objects: readonly KubeObject[], kind: K): Kinds[K] {
  const [found, ...more] = all(objects, kind);
  if (found === undefined || more.length > 0)
    throw new Error(`the tree has not exactly one ${kind}`);
  return found;
}

/** The only container of the only Deployment. */
export function server(objects: readonly KubeObject[]): Container {
  const [container, ...more] = one(objects, "Deployment").spec.template.spec.containers;
  if (container === undefined || more.length > 0)
    throw new Error("the pod has not exactly one container");
  return container;
}
