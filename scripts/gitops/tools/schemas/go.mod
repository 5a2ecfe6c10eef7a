module mistral-stream/tools/schemas

go 1.26.0

require (
	github.com/argoproj/argo-cd/v3 v3.2.11
	github.com/envoyproxy/gateway v1.9.1
	github.com/external-secrets/external-secrets v1.3.2
	github.com/prometheus-operator/prometheus-operator v0.85.0
	k8s.io/kubernetes v1.34.4
	sigs.k8s.io/gateway-api v1.6.3
)
