mboxtrace version
