/** The parts of Kubernetes' and Argo CD's objects that the policies look at; schemas check the rest. */

/** Any object of a rendered tree. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
}

export interface Selector {
  matchLabels?: Record<string, string>;
}

export interface Probe {
  httpGet?: { path: string; port: string | number };
}

export interface Container {
  name: string;
  image: string;
  ports?: { name: string; containerPort: number }[];
  env?: { name: string }[];
  envFrom?: { configMapRef?: { name: string }; secretRef?: { name: string } }[];
  securityContext?: {
    allowPrivilegeEscalation?: boolean;
    readOnlyRootFilesystem?: boolean;
    privileged?: boolean;
    capabilities?: { drop?: string[]; add?: string[] };
  };
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  startupProbe?: Probe;
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  lifecycle?: { preStop?: { sleep?: { seconds: number } } };
  volumeMounts?: { name: string; mountPath: string; subPath?: string; readOnly?: boolean }[];
}

export interface Deployment extends KubeObject {
  spec: {
    replicas?: number;
    selector: Selector;
    strategy?: { rollingUpdate?: { maxUnavailable?: number | string; maxSurge?: number | string } };
    template: {
      metadata: { labels?: Record<string, string> };
      spec: {
        serviceAccountName?: string;
        automountServiceAccountToken?: boolean;
        enableServiceLinks?: boolean;
        hostNetwork?: boolean;
        hostPID?: boolean;
        hostIPC?: boolean;
        terminationGracePeriodSeconds?: number;
        securityContext?: {
          runAsNonRoot?: boolean;
          runAsUser?: number;
          runAsGroup?: number;
          seccompProfile?: { type: string };
        };
        topologySpreadConstraints?: {
          topologyKey: string;
          labelSelector?: Selector;
          matchLabelKeys?: string[];
        }[];
        containers: Container[];
        volumes?: {
          name: string;
          configMap?: { name: string };
          secret?: { secretName: string };
          hostPath?: object;
          emptyDir?: { sizeLimit?: string };
        }[];
      };
    };
  };
}

export interface Service extends KubeObject {
  spec: {
    selector?: Record<string, string>;
    ports: { name: string; port: number; targetPort: string | number }[];
  };
}

export interface PodDisruptionBudget extends KubeObject {
  spec: { selector?: Selector; maxUnavailable?: number };
}

export interface HorizontalPodAutoscaler extends KubeObject {
  spec: {
    scaleTargetRef: { kind: string; name: string };
    minReplicas: number;
    maxReplicas: number;
  };
}

export interface NetworkPolicy extends KubeObject {
  spec: {
    podSelector: Selector;
    policyTypes: string[];
    ingress?: { from?: object[]; ports?: { port: string | number }[] }[];
    egress?: {
      to?: { ipBlock?: { cidr: string; except?: string[] } }[];
      ports?: { port: number }[];
    }[];
  };
}

export interface PodMonitor extends KubeObject {
  spec: { selector: Selector; podMetricsEndpoints: { port: string; path: string }[] };
}

export interface HTTPRoute extends KubeObject {
  spec: {
    rules: {
      backendRefs: { name: string; port: number }[];
      timeouts?: { request?: string; backendRequest?: string };
    }[];
  };
}

export interface Ingress extends KubeObject {
  spec: {
    rules: {
      http: { paths: { backend: { service: { name: string; port: { name: string } } } }[] };
    }[];
  };
}

export interface BackendTrafficPolicy extends KubeObject {
  spec: {
    targetRefs: { kind: string; name: string }[];
    timeout?: { http?: { streamIdleTimeout?: string } };
  };
}

export interface ExternalSecret extends KubeObject {
  spec: { target: { name: string }; data: { secretKey: string }[] };
}

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}

export interface AppProject extends KubeObject {
  spec: {
    sourceRepos: string[];
    destinations: { server: string; namespace: string }[];
    clusterResourceWhitelist: GroupKind[];
    namespaceResourceWhitelist: GroupKind[];
  };
}

export interface GroupKind {
  group: string;
  kind: string;
}

export interface Application extends KubeObject {
  spec: {
    project: string;
    source: { repoURL: string; path: string; targetRevision: string };
    destination: { namespace: string };
    syncPolicy: {
      automated?: { prune?: boolean; selfHeal?: boolean; allowEmpty?: boolean };
      syncOptions?: string[];
      retry?: { refresh?: boolean };
    };
  };
}
