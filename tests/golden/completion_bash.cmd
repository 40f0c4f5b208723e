mboxtrace --completion bash | bash -n && echo sound
