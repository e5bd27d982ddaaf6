"""Where a real Exim runs: networks and machines made of namespaces, their wires, file trees and name servers."""
