// The baseline of hack/bench/kubernetes: encoding/json on the same bytes, into structs of the same fields.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

type ownerReference struct {
	APIVersion         string `json:"apiVersion"`
	Kind               string `json:"kind"`
	Name               string `json:"name"`
	UID                string `json:"uid"`
	Controller         *bool  `json:"controller"`
	BlockOwnerDeletion *bool  `json:"blockOwnerDeletion"`
}

type objectMeta struct {
	Name                       string            `json:"name"`
	Namespace                  string            `json:"namespace"`
	UID                        string            `json:"uid"`
	ResourceVersion            string            `json:"resourceVersion"`
	Generation                 *int64            `json:"generation"`
	CreationTimestamp          *time.Time        `json:"creationTimestamp"`
	DeletionTimestamp          *time.Time        `json:"deletionTimestamp"`
	DeletionGracePeriodSeconds *int              `json:"deletionGracePeriodSeconds"`
	GenerateName               *string           `json:"generateName"`
	Labels                     map[string]string `json:"labels"`
	Annotations                map[string]string `json:"annotations"`
	OwnerReferences            []ownerReference  `json:"ownerReferences"`
	Finalizers                 []string          `json:"finalizers"`
}

type objectReference struct {
	APIVersion      *string `json:"apiVersion"`
	Kind            *string `json:"kind"`
	Namespace       *string `json:"namespace"`
	Name            *string `json:"name"`
	UID             *string `json:"uid"`
	ResourceVersion *string `json:"resourceVersion"`
	FieldPath       *string `json:"fieldPath"`
}

type endpoint struct {
	Addresses  []string `json:"addresses"`
	Conditions struct {
		Ready       *bool `json:"ready"`
		Serving     *bool `json:"serving"`
		Terminating *bool `json:"terminating"`
	} `json:"conditions"`
	Hostname  *string          `json:"hostname"`
	NodeName  *string          `json:"nodeName"`
	Zone      *string          `json:"zone"`
	TargetRef *objectReference `json:"targetRef"`
	Hints     *struct {
		ForZones []struct {
			Name string `json:"name"`
		} `json:"forZones"`
	} `json:"hints"`
}

type endpointSlice struct {
	Metadata    objectMeta `json:"metadata"`
	AddressType string     `json:"addressType"`
	Endpoints   []endpoint `json:"endpoints"`
	Ports       []struct {
		Name        *string `json:"name"`
		Port        *int    `json:"port"`
		Protocol    string  `json:"protocol"`
		AppProtocol *string `json:"appProtocol"`
	} `json:"ports"`
}

type list struct {
	Kind     string `json:"kind"`
	Metadata struct {
		ResourceVersion string `json:"resourceVersion"`
		Continue        string `json:"continue"`
	} `json:"metadata"`
	Items []endpointSlice `json:"items"`
}

func main() {
	bytes, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	start := time.Now()
	var slices list
	if err := json.Unmarshal(bytes, &slices); err != nil {
		panic(err)
	}
	seconds := time.Since(start).Seconds()
	fmt.Printf("{\"objects\":%d,\"bytes\":%d,\"seconds\":%f,\"megabytesPerSecond\":%.1f}\n",
		len(slices.Items), len(bytes), seconds, float64(len(bytes))/seconds/1e6)
}
